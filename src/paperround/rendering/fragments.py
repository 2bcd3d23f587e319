"""Parts of a template that come out the same in many mails, filled once.

    {% same card, first=loop.first %} … {% endsame %}

What stands between the tags is filled once for each value of what the tag names, and not for each mail; it
can speak of that alone, and of words of the mail's language.
"""

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from threading import Lock

import jinja2
from jinja2 import meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

MOST = 8192  # remembered at a time; some 30 MB
_WORDS = ("_", "ngettext")
_numbers = count()


class Fragments(Extension):
    """The tag `same`."""

    tags = {"same"}  # noqa: RUF012 - as jinja2 has it

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self._filled: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._turn = Lock()

    def parse(self, parser: Parser) -> nodes.Node:
        """Read one; raise TemplateSyntaxError where it speaks of what it does not name."""
        line = next(parser.stream).lineno
        named = dict(_named(parser))
        body = parser.parse_statements(("name:endsame",), drop_needle=True)
        self._check(parser, line, body, known={*named, *_WORDS})
        number, words = nodes.Const(next(_numbers)), nodes.Name(_WORDS[0], "load")
        filling = self.call_method("_fragment", [number, words, *named.values()])
        names = [nodes.Name(name, "param") for name in named]
        return nodes.CallBlock(filling, names, [], body).set_lineno(line)

    def _check(self, parser: Parser, line: int, body: list[nodes.Node], *, known: set[str]) -> None:
        whole = nodes.Template(body)
        whole.set_environment(self.environment)
        try:
            spoken_of = meta.find_undeclared_variables(whole)
        except jinja2.TemplateAssertionError:
            return  # an unknown filter, of which the compiler says more
        for name in sorted(spoken_of - known):
            parser.fail(f"name {name!r} in {{% same … %}}, or speak of it outside", line)
        if any(whole.find_all((nodes.Include, nodes.Import, nodes.FromImport))):
            parser.fail("what is included may speak of anything; include it outside of {% same … %}", line)

    def _fragment(self, *key: object, caller: Callable[..., str]) -> str:
        with self._turn:
            if (known := self._filled.get(key)) is not None:
                self._filled.move_to_end(key)
                return known
        filled = str(caller(*key[2:]))
        with self._turn:
            self._filled[key] = filled
            if len(self._filled) > MOST:
                self._filled.popitem(last=False)
        return filled


def _named(parser: Parser) -> list[tuple[str, nodes.Expr]]:
    """Return what the tag names: each by its own name, or with one that is given to it."""
    named: list[tuple[str, nodes.Expr]] = []
    while parser.stream.current.type != "block_end":
        if named:
            parser.stream.expect("comma")
        name = parser.stream.expect("name")
        value: nodes.Expr = nodes.Name(name.value, "load", lineno=name.lineno)
        if parser.stream.skip_if("assign"):
            value = parser.parse_expression()
        named.append((name.value, value))
    return named
