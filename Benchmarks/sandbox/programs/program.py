def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def main(input):
    given = input["metadata"] if "metadata" in input else input
    return {"n": given["n"], "fib": fib(given["n"])}
