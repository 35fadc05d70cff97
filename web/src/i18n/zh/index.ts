import { campaigns } from "./campaigns";
import { common } from "./common";
import { fault } from "./fault";
import { operate } from "./operate";
import { problem } from "./problem";
import { reviews } from "./reviews";

/** 所有文字的简体中文版本。 */
export const zh = { ...common, ...reviews, ...campaigns, ...operate, fault, problem };
