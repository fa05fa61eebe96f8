/**
 * @file What can be wrong with a training recipe, of images or text, before the training code sees it.
 */

/** The settings that every study shares and the training code never meets as they are. */
interface Recipe {
  readonly methods: readonly string[];
  readonly warmupShare: number;
  readonly fullLearningRate: number;
}

/** One line for each. */
export function recipeProblems(where: string, { methods, warmupShare, fullLearningRate }: Recipe): string[] {
  return [
    ...(warmupShare >= 0 && warmupShare < 1 ? [] : [`${where}: warmupShare is ${warmupShare}, expected a number from 0 up to but not including 1.`]),
    ...(fullLearningRate > 0 ? [] : [`${where}: fullLearningRate is ${fullLearningRate}, expected a number above 0.`]),
    ...(methods.length > 0 ? [] : [`${where}: methods is empty, expected at least one method.`]),
  ];
}
