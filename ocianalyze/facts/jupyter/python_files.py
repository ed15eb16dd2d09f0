"""What a Jupyter configuration file in Python sets, told without running it.

Branches are followed where variables, files or what was assigned before decide them; where they do not, what is set in
one of them only is unknown. What has nothing to do with the configuration is passed over, and taken to do no harm.

Sources: traitlets ``config/loader.py`` (``PyFileConfigLoader``) and ``config/application.py`` (a file that raises an
exception counts for nothing); The Python Language Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.facts.jupyter.options import SECTIONS, TRAITS, Options, Setting, take
from ocianalyze.facts.jupyter.python_source import (
    ANY,
    ENVIRONMENTS,
    OPEN,
    RESOLVED,
    ExitsError,
    PythonProblem,
    RaisesError,
    bound_names,
    evaluate,
    parse_statements,
    targets_of,
    truth,
)
from ocianalyze.facts.programs.scripts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ocianalyze.facts.jupyter.options import Key
    from ocianalyze.facts.jupyter.python_source import Statement, Token, World

_MOST_NAMES: Final = 50
"""How many names, and variables, are kept apart; the values of others are open."""

_LONGEST_EXPRESSION: Final = 300
_MOST_WORK: Final = 50_000
"""How many tokens of expressions are looked at, of one and of all together; the values of others are open."""

_DYNAMIC: Final = frozenset({"exec", "eval", "load_subconfig", "setattr", "globals", "locals", "vars", "exit", "quit"})
"""What may do anything, also to the configuration, or ends the program."""

_ENDING: Final = frozenset({"exit", "_exit", "abort"})
_EXITS: Final = frozenset({"sys.exit", "os._exit", "exit", "quit"})
_CHANGES: Final = frozenset({"update", "merge", "setdefault", "pop", "clear"})
_TRAIT_LENGTH: Final = 5
_READS: Final = frozenset({"get", "copy", "items", "keys", "values"})
_WRITERS: Final = frozenset({"putenv", "unsetenv", "load_dotenv"})
_HARMLESS: Final = frozenset({"pass", "global", "nonlocal", "continue", "break"})
_ABSENT: Final = object()


def parse_python(text: str, source: str, world: World) -> Options:
    """Return what a configuration file says, and note in `world` what it does to variables."""
    try:
        statements = parse_statements(text)
    except PythonProblem:
        return Options(opaque=True)
    run = _Run(world)
    try:
        run.block(statements)
    except ExitsError:
        return Options(refused=f"{source} ends the program")
    except RaisesError:
        return Options()
    return run.options(source)


class _Run:
    """Goes through a file."""

    def __init__(self, world: World) -> None:
        self._world = world._replace(names={})
        self._values: dict[Key, Any] = {}
        self._configurations = {"c"}
        self._later: set[Key] = set()
        self._shared: set[str] = set()
        self._opaque = False
        self._never_known = False
        self._work = 0
        self._doubts = 0

    def options(self, source: str) -> Options:
        """Return what was set."""
        options = Options(opaque=self._opaque or self._never_known)
        for key, value in self._values.items():
            take(options, key, UNKNOWN if value is OPEN or self._never_known else value, source)
        for key in self._later:
            options.settings[key] = Setting(UNKNOWN, source)
        return options

    def block(self, statements: Sequence[Statement]) -> None:
        """Go through statements, one after the other."""
        position = 0
        while position < len(statements):
            end = position + 1
            statement = statements[position]
            if statement.body is None:
                self._simple(statement)
            elif statement.keyword == "if":
                while end < len(statements) and _continues(statements[end]):
                    end += 1
                self._if(statements[position:end])
            else:
                self._other_block(statement, statement.body)
            position = end

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _if(self, branches: Sequence[Statement]) -> None:
        possible: list[Sequence[Statement]] = []
        taken = False
        for branch in branches:
            condition = branch.tokens[1:]
            self._scan(condition)
            try:
                holds = branch.keyword == "else" or truth(self._value(condition))
            except RaisesError:
                if not possible:
                    raise
                self._fail_perhaps()
                break
            if holds is not False:
                possible.append(branch.body or ())
            if holds:
                taken = True
                break
        if taken and len(possible) == 1:
            self.block(possible[0])
            return
        before = self._snapshot()
        ends = [] if taken else [before]
        for body in possible:
            self._restore(before)
            try:
                self.block(body)
            except RaisesError:
                self._fail_perhaps()
            ends.append(self._snapshot())
        self._restore(ends[0])
        for end in ends[1:]:
            self._join(end)

    def _fail_perhaps(self) -> None:
        """Note that the whole file may count for nothing because of an exception."""
        self._lose()
        self._never_known = True

    def _other_block(self, statement: Statement, body: Sequence[Statement]) -> None:
        keyword = statement.keyword
        self._scan(statement.tokens)
        self._forget(bound_names(statement))
        if _defines(statement):
            self._for_later(statement)
        elif keyword == "finally" or (keyword == "with" and "suppress" not in _texts(statement.tokens)):
            self.block(body)
        else:
            if keyword in ("for", "while", "async"):
                self._forget(_all_bound(body))
            self._perhaps(body, sure=keyword == "try")

    def _perhaps(self, body: Sequence[Statement], *, sure: bool) -> None:
        """Go through a block that may be left at any point; if it is `sure` to be begun, only by an exception."""
        before, doubts = self._snapshot(), self._doubts
        raised = False
        try:
            self.block(body)
        except RaisesError:
            raised = True
            self._never_known = self._never_known or not sure
        if raised or not sure or self._doubts != doubts:
            self._join(before)

    def _for_later(self, statement: Statement) -> None:
        """Note what may be done at any time from now on, by what has names of its own."""
        inner = tuple(_scope(statement))
        shared = {token.text for item in inner if item.keyword in ("global", "nonlocal") for token in item.tokens}
        own = {name for item in inner for name in bound_names(item)} | _parameters(statement)
        self._shared |= shared
        self._forget(shared)
        outside, self._configurations = self._configurations, self._configurations - (own - shared)
        opaque, self._opaque = self._opaque, False
        for item in inner:
            self._later.update(self._mentions(item.tokens))
            self._scan(item.tokens)
        self._never_known = self._never_known or self._opaque
        # What stands in a class does not see the names of the class.
        self._configurations = outside if statement.keyword == "class" else self._configurations
        for item in inner:
            if _defines(item):
                self._for_later(item)
        self._configurations, self._opaque = outside, opaque

    # --- what is known ------------------------------------------------------------------------------------------------

    def _value(self, tokens: tuple[Token, ...]) -> Any:  # noqa: ANN401 - whatever values Python has
        self._work += len(tokens)
        if len(tokens) > _LONGEST_EXPRESSION or self._work > _MOST_WORK:
            return OPEN
        return evaluate(tokens, self._world)

    def _snapshot(self) -> tuple[dict[Any, Any], ...]:
        return dict(self._values), dict(self._world.names), dict(self._world.written)

    def _restore(self, snapshot: tuple[dict[Any, Any], ...]) -> None:
        for mine, theirs in zip(self._parts(), snapshot, strict=True):
            mine.clear()
            mine.update(theirs)

    def _join(self, snapshot: tuple[dict[Any, Any], ...]) -> None:
        for mine, theirs in zip(self._parts(), snapshot, strict=True):
            for key in (*mine, *(key for key in theirs if key not in mine)):
                if not _same(mine.get(key, _ABSENT), theirs.get(key, _ABSENT)):
                    mine[key] = OPEN

    def _parts(self) -> tuple[dict[Any, Any], ...]:
        return self._values, self._world.names, self._world.written

    def _lose(self) -> None:
        """Note that anything may be set here."""
        self._lose_settings()
        for values in self._parts():
            values.update(dict.fromkeys(values, OPEN))
        self._world.written[ANY] = OPEN

    def _lose_settings(self) -> None:
        """Note that any setting may be changed here, but nothing else."""
        self._opaque = True
        self._values.update(dict.fromkeys(self._values, OPEN))

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._name(name, OPEN)

    def _name(self, name: str, value: Any) -> None:  # noqa: ANN401
        names = self._world.names
        value = OPEN if name in self._shared else value
        if name in names or name in RESOLVED or (value is not OPEN and len(names) < _MOST_NAMES):
            names[name] = value

    # --- statements ---------------------------------------------------------------------------------------------------

    def _simple(self, statement: Statement) -> None:
        tokens, word = statement.tokens, statement.keyword
        if _exits(tokens):
            raise ExitsError
        if word == "raise":
            raise RaisesError
        if word in ("import", "from"):
            self._import(statement)
            return
        targets, value_tokens = targets_of(tokens)
        if not targets:
            self._doubts += word not in _HARMLESS
            self._scan(tokens)
            self._values.update(dict.fromkeys(self._mentions(tokens), OPEN))
            self._forget(bound_names(statement))
            return
        if _texts(value_tokens) == ["get_config", "(", ")"] and all(len(target) == 1 for target in targets):
            self._configurations.update(target[0].text for target in targets)
            return
        self._scan(value_tokens)
        for key in self._mentions(value_tokens):
            self._values.setdefault(key, OPEN)
        value = self._value(value_tokens)
        self._doubts += value is OPEN
        for target in targets:
            self._assign(target, value)

    def _assign(self, target: tuple[Token, ...], value: Any) -> None:  # noqa: ANN401
        texts = _texts(target)
        mentions = list(self._mentions(target))
        if len(texts) == 1 and target[0].kind == "name":
            if texts[0] in self._configurations:
                self._lose()
            self._name(texts[0], value)
        elif len(mentions) == 1 and len(target) == _TRAIT_LENGTH:
            self._values[mentions[0]] = value
        elif "".join(texts[: texts.index("[")] if "[" in texts else ()) in ENVIRONMENTS:
            self._set_variable(target[texts.index("[") + 1 : -1], value)
        else:
            self._values.update(dict.fromkeys(mentions, OPEN))
            self._scan(target)
            self._forget(token.text for token in target if token.kind == "name")

    def _set_variable(self, tokens: tuple[Token, ...], value: Any) -> None:  # noqa: ANN401
        name, written = self._value(tokens), self._world.written
        if value is not OPEN and not isinstance(value, str):
            raise RaisesError
        if isinstance(name, str) and UNKNOWN not in name and len(written) < _MOST_NAMES:
            written[name] = value if isinstance(value, str) and UNKNOWN not in value else OPEN
        else:
            written[ANY] = OPEN

    def _import(self, statement: Statement) -> None:
        """Note the names that something else is imported as than what they usually stand for."""
        texts = _texts(statement.tokens)
        usual = "as" not in texts and (texts[1] == "os" if texts[0] == "from" else True)
        self._doubts += texts != ["import", "os"]
        for name in bound_names(statement):
            if name in self._configurations:
                self._lose()
            if not usual or name in self._world.names:
                self._name(name, OPEN)

    # --- what else is done with the configuration ---------------------------------------------------------------------

    def _mentions(self, tokens: Sequence[Token]) -> Iterator[Key]:
        """Yield the traits that matter and stand somewhere."""
        for position, token in enumerate(tokens):
            if token.text in self._configurations and token.kind == "name" and not _behind_dot(tokens, position):
                texts = _texts(tokens[position + 1 : position + _TRAIT_LENGTH])
                if _is_trait(texts) and texts[3] in TRAITS and texts[1] in SECTIONS:
                    yield texts[1], texts[3]

    def _scan(self, tokens: Sequence[Token]) -> None:
        """Note what is done that cannot be followed: to the configuration, or to variables."""
        for position, token in enumerate(tokens):
            if token.kind != "name":
                continue
            following = _texts(tokens[position + 1 : position + _TRAIT_LENGTH])
            attribute = _behind_dot(tokens, position)
            called = following[:1] == ["("]
            if not attribute and token.text in self._configurations:
                if not _is_trait(following):
                    self._lose_settings()
            elif token.text == "get_config" or (called and token.text in (_ENDING if attribute else _DYNAMIC)):
                self._lose()
            elif token.text in _WRITERS or (token.text == "environ" and not _only_reads(tokens, position)):
                self._world.written[ANY] = OPEN


def _exits(tokens: Sequence[Token]) -> bool:
    """Tell whether a statement ends the program: traitlets lets ``SystemExit`` pass."""
    texts = _texts(tokens)
    if texts[:1] == ["raise"]:
        return texts[1:2] == ["SystemExit"] and texts[2:3] in ([], ["("])
    return texts[-1:] == [")"] and texts.count("(") == 1 and "".join(texts[: texts.index("(")]) in _EXITS


def _is_trait(texts: list[str]) -> bool:
    """Tell whether behind a configuration stand a class and one of its traits."""
    named = len(texts) == _TRAIT_LENGTH - 1 and texts[0] == texts[2] == "."
    return named and texts[1][:1].isupper() and texts[3] not in _CHANGES and texts[3].isidentifier()


def _only_reads(tokens: Sequence[Token], position: int) -> bool:
    """Tell whether the variables of the environment are only read at a place."""
    following = _texts(tokens[position + 1 : position + 3])
    if following[:1] == ["."]:
        return following[1:2] != [] and following[1] in _READS
    if following[:1] == ["["]:
        return True
    start = position - 2 if _behind_dot(tokens, position) else position
    before = _texts(tokens[max(start - 2, 0) : start])
    return before[-1:] in (["in"], ["import"], ["**"]) or before == ["dict", "("]


def _behind_dot(tokens: Sequence[Token], position: int) -> bool:
    return position > 0 and tokens[position - 1].text == "."


def _continues(statement: Statement) -> bool:
    return statement.body is not None and statement.keyword in ("elif", "else")


def _defines(statement: Statement) -> bool:
    """Tell whether a statement is a function or a class, which has names of its own."""
    word = _texts(statement.tokens)[1:2] if statement.keyword == "async" else [statement.keyword]
    return statement.body is not None and word in (["def"], ["class"])


def _scope(statement: Statement) -> Iterator[Statement]:
    """Yield the statements in a block, and in blocks within it, that have the same names."""
    for item in statement.body or ():
        yield item
        if not _defines(item):
            yield from _scope(item)


def _all_bound(statements: Sequence[Statement]) -> Iterator[str]:
    for statement in statements:
        yield from bound_names(statement)
        yield from _all_bound(statement.body or ())


def _parameters(statement: Statement) -> set[str]:
    """Return the names that may be parameters of a function."""
    return {token.text for token in statement.tokens[2:] if token.kind == "name"}


def _texts(tokens: Sequence[Token]) -> list[str]:
    return [token.text for token in tokens]


def _same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)
