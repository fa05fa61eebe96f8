/**
 * @file Puts TensorFlow.js in order after a computation was stopped in its middle.
 *
 * Code that is stopped from outside runs no `finally`: the engine's open scopes and its gradient tape would stay open, and every later
 * gradient would be wrong. The engine is found where it keeps itself, at `globalThis._tfengine`.
 */

/** What is used of the engine and its state. */
interface TensorEngine {
  readonly state: {
    gradientDepth: number;
    kernelDepth: number;
    activeTape?: unknown;
    activeScope?: unknown;
    readonly scopeStack: unknown[];
    readonly numDataMovesStack: unknown[];
  };
  endScope(): void;
}

/** Ends every open scope (which frees its tensors) and forgets the open tape. Call it only while no tensor code is on the stack. */
export function closeTensorScopes(): void {
  const engine = (globalThis as { _tfengine?: TensorEngine })._tfengine;
  if (engine?.state?.scopeStack === undefined) return;
  const { state } = engine;
  while (state.scopeStack.length > 0) {
    const open = state.scopeStack.length;
    try {
      engine.endScope();
    } catch {
      // A tensor that was stopped while it was made cannot be freed.
    }
    if (state.scopeStack.length === open) {
      state.scopeStack.pop();
      state.activeScope = state.scopeStack.at(-1) ?? null;
    }
  }
  state.gradientDepth = 0;
  state.kernelDepth = 0;
  state.activeTape = null;
  state.numDataMovesStack.length = 0;
}
