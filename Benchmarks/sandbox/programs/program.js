function fib(n) {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}

export function main(input) {
  const given = input.metadata ?? input;
  return { n: given.n, fib: fib(given.n) };
}
