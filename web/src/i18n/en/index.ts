import { campaigns } from "./campaigns";
import { common } from "./common";
import { fault } from "./fault";
import { operate } from "./operate";
import { problem } from "./problem";
import { reviews } from "./reviews";

/** Everything that is said, in English. */
export const en = { ...common, ...reviews, ...campaigns, ...operate, fault, problem };
