# ---- looking at a program without running it ----

def names_bound(statements):
    """What the statements of a module bind, and the function where it is one."""
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name.split(".")[0]), None
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for target in getattr(node, "targets", None) or [node.target]:
                yield from ((name.id, None) for name in ast.walk(target) if isinstance(name, ast.Name))
        else:
            for part in ("body", "orelse", "handlers", "finalbody"):
                inner = getattr(node, part, [])
                for child in inner if isinstance(inner, list) else []:
                    yield from names_bound(child.body if isinstance(child, ast.ExceptHandler) else [child])


def check(request):
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if request.get("interpreter") else 0
    try:
        tree = parsed(request["source"], flags)
        compiled(tree, "exec", flags)
    except Failed as failed:
        return [{key: failed.report[key] for key in ("line", "column", "message")}]
    entry = request.get("entry_point")
    if not entry:
        return []
    bound = dict(names_bound(tree.body))
    if entry not in bound and "*" not in bound:
        return [{"message": f"there is no function named {entry}"}]
    node = bound.get(entry)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        places = len(arguments.posonlyargs) + len(arguments.args)
        needed = places - len(arguments.defaults)
        needed += sum(default is None for default in arguments.kw_defaults)
        if needed > 1 or (places == 0 and not arguments.vararg):
            return [{"line": node.lineno, "column": node.col_offset + 1,
                     "message": f"{entry} must take one argument, the input"}]
    return []
