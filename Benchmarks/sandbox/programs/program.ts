type Given = { n: number };
type Input = Given | { metadata: Given };

function fib(n: number): number {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}

export function main(input: Input): { n: number; fib: number } {
  const given: Given = "metadata" in input ? input.metadata : input;
  return { n: given.n, fib: fib(given.n) };
}
