import { useState } from "react";
import { asProblem, type Problem } from "../api/problem";

/** Something that is sent once at a time, and what it came to. */
export function useSend<Done>(send: () => Promise<Done>) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function run() {
    setIsBusy(true);
    setProblem(null);
    setDone(null);
    try {
      setDone(await send());
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setIsBusy(false);
    }
  }

  return { run, problem, done, isBusy };
}
