"""Words of a script become what the shell makes of them, as far as that can be told.

Source: POSIX.1-2024, "Shell Command Language", 2.6 (word expansions); bash(1), EXPANSION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.alternatives import brace_expanded
from ocianalyze.facts.shell.arithmetic import CalculationError, calculate
from ocianalyze.facts.shell.budget import OutOfBudgetError
from ocianalyze.facts.shell.fields import Fields, to_words
from ocianalyze.facts.shell.names import find_variable
from ocianalyze.facts.shell.parameters import cut, in_other_case, replaced, sublist, substring, transformed
from ocianalyze.facts.shell.syntax import Arithmetic, Parameter, Substitution, Text, Word
from ocianalyze.facts.shell.values import LONGEST_VALUE, MOST_WORDS, SOME, Variable, Words, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.facts.shell.budget import Budget
    from ocianalyze.facts.shell.files import Files
    from ocianalyze.facts.shell.names import Calls
    from ocianalyze.facts.shell.patterns import Piece
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Part

_ALL: Final = frozenset({"@", "*"})


class ExpansionError(Exception):
    """An expansion ends the script; the message is a clause."""


class UnfollowedError(Exception):
    """An expansion leads on in a way that is not followed; the message is a clause."""


class ExpansionHost(Protocol):
    """What an expansion needs of whoever runs the script."""

    budget: Budget
    calls: Calls

    def capture(self, substitution: Substitution, state: State) -> str:
        """Return what a command substitution comes to."""

    def files(self, state: State) -> Files:
        """Return the file system as it is seen in a state."""

    def assign(self, name: str, value: str | Words, state: State) -> None:
        """Set a variable."""


class _Value(NamedTuple):
    """What a parameter comes to: a text; or words, if `words` is not None; or another word that is to be expanded."""

    text: str = ""
    words: Words | None = None
    star: bool = False
    operand: Word | None = None


class Expander:
    """Expands words; a state is changed only by what expansions assign."""

    def __init__(self, host: ExpansionHost) -> None:
        self._host = host

    def words(self, words: Iterable[Word], state: State) -> Words:
        """Return the fields that some words come to, `SOME` for any number of them.

        Raises:
            ExpansionError: the shell ends here.
        """
        found: list[str] = []
        for word in words:
            plain = word.plain
            if plain is not None and plain.isalnum():
                found.append(plain)
                continue
            braces = brace_expanded(word, self._host.budget) if state.process.dialect.has("brace-expansion") else [word]
            for item in braces:
                fields = Fields()
                for part in self._with_home(item.parts, state):
                    self._add(part, fields, state)
                files = None if "f" in state.options else self._host.files(state)
                found += to_words(fields.finish(), files, self._host.budget, state.options)
        if len(found) > MOST_WORDS:
            raise OutOfBudgetError(f"a command in its scripts has more than {MOST_WORDS:,} words")
        return tuple(found)

    def text(self, word: Word, state: State, *, assigned: bool = False) -> str:
        """Return the one text that a word comes to where it is not split; raises as `words`."""
        if not word.parts:
            return ""
        parts = self._with_home(word.parts, state, assigned=assigned)
        pieces = [self._text_of(part, state) for part in parts]
        found = pieces[0] if len(pieces) == 1 else shortened("".join(pieces))
        self._host.budget.text(len(found))
        if len(found) > LONGEST_VALUE:
            raise OutOfBudgetError(f"a value in its scripts is longer than {LONGEST_VALUE:,} characters")
        return found

    def pattern(self, word: Word, state: State) -> list[Piece]:
        """Return what a word comes to as a pattern: its pieces, and which of them are quoted; raises as `words`."""
        found: list[Piece] = []
        for part in self._with_home(word.parts, state):
            quoted = part.quoted
            found.append((self._text_of(part, state), quoted))
        self._host.budget.text(sum(len(text) for text, _ in found))
        return found

    def number(self, word: Word, state: State) -> int | None:
        """Return the value of an arithmetic expression; None if it cannot be told; raises as `words`."""
        expression = self.text(word, state)
        try:
            return calculate(expression, _Numbers(self._host, state))
        except CalculationError:
            # The shell would refuse some of these; that is left open.
            return None

    def variable(self, name: str, state: State) -> Variable:
        """Return what a name stands for."""
        return find_variable(name, state, self._host.calls)

    def _add(self, part: Part, fields: Fields, state: State) -> None:
        separators = self._separators(state)
        if isinstance(part, Text):
            fields.add(part.text, quoted=part.quoted)
        elif isinstance(part, Parameter):
            self._add_value(self._parameter(part, state), part, fields, state)
        elif isinstance(part, Substitution) and not part.quoted and separators is not None:
            fields.split(self._host.capture(part, state), separators)
        elif isinstance(part, Substitution) and not part.quoted:
            self._host.capture(part, state)
            fields.split(UNKNOWN, "")
        else:
            fields.add(self._text_of(part, state), quoted=True)

    def _add_value(self, value: _Value, part: Parameter, fields: Fields, state: State) -> None:  # noqa: C901, PLR0912 - one case after the other
        separators = self._separators(state)
        if value.operand is not None:
            fields.add("", quoted=part.quoted)
            for inner in value.operand.parts:
                if isinstance(inner, Text) and not inner.quoted and not part.quoted:
                    fields.split(inner.text, separators if separators is not None else "")
                else:
                    self._add(inner, fields, state)
        elif value.words is None or (value.star and part.quoted):
            text = value.text if value.words is None else self._together(value.words, state)
            if part.quoted:
                fields.add(text, quoted=True)
            else:
                fields.split(text if separators is not None else UNKNOWN, separators or "")
        else:
            for number, word in enumerate(value.words):
                if word == SOME:
                    fields.some()
                elif part.quoted and number:
                    fields.begin(word)
                elif part.quoted:
                    fields.add(word, quoted=True)
                else:
                    if number:
                        fields.end()
                    fields.split(word if separators is not None else UNKNOWN, separators or "")

    def _text_of(self, part: Part, state: State) -> str:
        if isinstance(part, Text):
            return part.text
        if isinstance(part, Substitution):
            return self._host.capture(part, state)
        if isinstance(part, Arithmetic):
            number = self.number(part.expression, state)
            return UNKNOWN if number is None else str(number)
        value = self._parameter(part, state)
        if value.operand is not None:
            return self.text(value.operand, state)
        return value.text if value.words is None else self._together(value.words, state)

    def _together(self, words: Words, state: State) -> str:
        """Return words as one text, as ``"$*"`` has them."""
        if SOME in words:
            return UNKNOWN
        separators = self._separators(state)
        return UNKNOWN if separators is None else separators[:1].join(words)

    def _separators(self, state: State) -> str | None:
        """Return the value of ``IFS``, or None if that cannot be told."""
        found = self.variable("IFS", state).text
        if found is None:
            return " \t\n"
        return None if UNKNOWN in found else found

    def _with_home(self, parts: tuple[Part, ...], state: State, *, assigned: bool = False) -> tuple[Part, ...]:
        """Return the parts with home directories for tildes."""
        first = parts[0] if parts else None
        if not isinstance(first, Text) or first.quoted or "~" not in first.text:
            return parts
        pieces = first.text.split(":") if assigned else [first.text]
        made: list[Part] = []
        for number, piece in enumerate(pieces):
            name, slash, rest = piece.partition("/")
            if number:
                made.append(Text(":", quoted=True))
            if name[:1] == "~" and (slash or len(parts) == 1 or number < len(pieces) - 1):
                made += (Text(self._home_of(name[1:], state), quoted=True), Text(slash + rest))
            else:
                made.append(Text(piece))
        return (*made, *parts[1:])

    def _home_of(self, name: str, state: State) -> str:
        if name == "":
            return self.variable("HOME", state).text or state.process.shell.user.home
        if name == "+":
            return state.directory
        return UNKNOWN if name.isidentifier() else "~" + name

    # --- parameters ---------------------------------------------------------------------------------------------------

    def _parameter(self, part: Parameter, state: State) -> _Value:
        if not part.operator and part.subscript is None and not part.length and not part.indirect:
            variable = self.variable(part.name, state)
            if part.name in _ALL:
                return _Value(words=variable.words, star=part.name == "*")
            return _Value(self._checked(variable, variable.text, part, state))
        if part.indirect:
            return self._indirect(part, state)
        star, every = self._index_kind(part)
        variable = self.variable(part.name, state)
        if part.length:
            return _Value(self._length(part, variable, state, every=every))
        if every:
            words = (SOME,) if variable.mapping else variable.words
            return self._operated_list(part, variable, words, state, star=star)
        text = self._element(variable, part, state) if part.subscript is not None else variable.text
        return self._operated(part, variable._replace(value=text), text, state)

    def _index_kind(self, part: Parameter) -> tuple[bool, bool]:
        """Return whether all elements are meant as one (``*``), and whether all are meant."""
        kind = part.name if part.name in _ALL else part.subscript.plain if part.subscript is not None else None
        return kind == "*", kind in _ALL

    def _indirect(self, part: Parameter, state: State) -> _Value:
        _, every = self._index_kind(part)
        if every and part.name.endswith("*"):
            return _Value(words=(SOME,))
        variable = self.variable(part.name, state)
        if every:
            words = variable.words
            known = SOME not in words and not variable.mapping
            return _Value(words=tuple(map(str, range(len(words)))) if known else (SOME,))
        name = variable.text or ""
        if UNKNOWN in name:
            return _Value(UNKNOWN)
        if not name:
            raise UnfollowedError(f"${{!{part.name}}} refers to a variable without a name")
        name, bracket, index = name.partition("[")
        if not (name.isidentifier() or name.isdigit() or name in _ALL):
            return _Value(UNKNOWN if name else "")
        target = Word((Text(index.removesuffix("]")),)) if bracket else None
        return self._parameter(part._replace(name=name, indirect=False, subscript=target), state)

    def _checked(self, variable: Variable, text: str | None, part: Parameter, state: State) -> str:
        if text is None:
            if "u" in state.options and part.name not in _ALL and not variable.mapping:
                raise ExpansionError(f"${part.name} is not set")
            return UNKNOWN if variable.mapping else ""
        return text

    def _length(self, part: Parameter, variable: Variable, state: State, *, every: bool) -> str:
        if every:
            return UNKNOWN if SOME in variable.words or variable.mapping else str(len(variable.words))
        text = self._element(variable, part, state) if part.subscript is not None else variable.text
        text = self._checked(variable, text, part, state)
        return UNKNOWN if UNKNOWN in text else str(len(text))

    def _element(self, variable: Variable, part: Parameter, state: State) -> str | None:
        """Return an element of an array."""
        number = None if variable.mapping or part.subscript is None else self.number(part.subscript, state)
        if number is None:
            return UNKNOWN
        words = variable.words
        if SOME in (words if number < 0 else words[: number + 1]):
            return UNKNOWN
        number = number if number >= 0 else len(words) + number
        return words[number] if 0 <= number < len(words) else None

    def _operated(self, part: Parameter, variable: Variable, text: str | None, state: State) -> _Value:
        operator = part.operator
        if operator[-1:] in ("-", "=", "?", "+") and operator:
            return self._defaulted(part, variable, text, state)
        checked = self._checked(variable, text, part, state)
        return _Value(self._changed(part, checked, state))

    def _changed(self, part: Parameter, text: str, state: State) -> str:  # noqa: PLR0911 - one case after the other
        operator, operands = part.operator, part.operands
        if not operator:
            return text
        if operator[0] in "#%":
            return cut(text, operator, self.pattern(operands[0], state))
        if operator[0] == "/":
            replacement = operands[1] if len(operands) > 1 else Word(())
            if any(isinstance(item, Text) and not item.quoted and "&" in item.text for item in replacement.parts):
                return UNKNOWN
            return replaced(text, operator, self.pattern(operands[0], state), self.text(replacement, state))
        if operator[0] in "^,":
            return in_other_case(text, operator, self.pattern(operands[0], state))
        if operator == ":":
            numbers = [self.number(operand, state) for operand in operands]
            length = numbers[1] if len(numbers) > 1 else None
            return substring(text, numbers[0], length, limited=len(numbers) > 1)
        return transformed(text, operator[1:])

    def _operated_list(self, part: Parameter, variable: Variable, words: Words, state: State, *, star: bool) -> _Value:
        operator = part.operator
        if operator == ":":
            numbers = [self.number(operand, state) for operand in part.operands]
            length = numbers[1] if len(numbers) > 1 else None
            everything = (state.process.name, *words) if part.name in _ALL else words
            return _Value(words=sublist(everything, numbers[0], length, limited=len(numbers) > 1), star=star)
        if operator[-1:] in ("-", "=", "?", "+") and operator:
            first = None if not words else UNKNOWN if SOME in words else " ".join(words)
            found = self._defaulted(part, variable, first, state)
            return _Value(words=words, star=star) if found.operand is None and operator[-1] != "+" else found
        if not operator:
            return _Value(words=words, star=star)
        return _Value(
            words=tuple(word if word == SOME else self._changed(part, word, state) for word in words), star=star
        )

    def _defaulted(self, part: Parameter, variable: Variable, text: str | None, state: State) -> _Value:  # noqa: PLR0911 - one case after the other
        """Return what ``-``, ``=``, ``?`` and ``+`` make of a value; with a colon, an empty one counts as none."""
        kind, colon = part.operator[-1], part.operator[0] == ":"
        there = _is_there(variable, text, colon=colon)
        operand = part.operands[0]
        if kind == "+":
            if there is None:
                other = self.text(operand, state.fork())
                return _Value("" if not other else UNKNOWN)
            return _Value(operand=operand) if there else _Value("")
        if there:
            return _Value(text or "")
        if kind == "?":
            if there is None:
                return _Value(UNKNOWN)
            message = self.text(operand, state).replace(UNKNOWN, "...")
            raise ExpansionError(f"${part.name} is not set" + (f": {message}" if message else ""))
        if kind == "=":
            value = self.text(operand, state)
            value = value if there is False or value == text else UNKNOWN
            if part.name.isidentifier() and part.subscript is None:
                self._host.assign(part.name, value, state)
            return _Value(value)
        if there is None:
            other = self.text(operand, state.fork())
            return _Value(text if text == other and text is not None else UNKNOWN)
        return _Value(operand=operand)


def _is_there(variable: Variable, text: str | None, *, colon: bool) -> bool | None:
    """Tell whether a value is set, and not empty if `colon`."""
    if text is None:
        return None if variable.mapping else False
    if variable.doubtful:
        return None
    if not colon or text.replace(UNKNOWN, ""):
        return True
    return None if UNKNOWN in text else False


class _Numbers:
    """The variables that an arithmetic expression reads and changes."""

    def __init__(self, host: ExpansionHost, state: State) -> None:
        self._host = host
        self._state = state

    def read(self, name: str) -> str | None:
        found = find_variable(name, self._state, self._host.calls)
        return UNKNOWN if found.mapping or found.doubtful else found.text

    def write(self, name: str, value: int | None) -> None:
        self._host.assign(name, UNKNOWN if value is None else str(value), self._state)
