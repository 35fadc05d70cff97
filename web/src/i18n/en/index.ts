import { campaigns } from "./campaigns";
import { common } from "./common";
import { operate } from "./operate";
import { problem } from "./problem";
import { reviews } from "./reviews";

/** Everything that is said, in English. */
export const en = { ...common, ...reviews, ...campaigns, ...operate, problem };
