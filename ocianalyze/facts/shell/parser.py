"""Shell scripts taken apart into commands, one complete command after the other, as a shell reads them.

What stands behind an ``exec`` or an ``exit`` is never read by a shell, and may be anything: so nothing is read before
it is asked for.

Source: POSIX.1-2024, "Shell Command Language", 2.9 (commands) and 2.10 (the grammar); bash(1), SHELL GRAMMAR.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from ocianalyze.facts.shell.assignments import read_assignment
from ocianalyze.facts.shell.syntax import (
    Calculation,
    Case,
    Chain,
    Clause,
    Condition,
    Counting,
    For,
    Function,
    Group,
    If,
    Item,
    Loop,
    Pipeline,
    Redirected,
    Simple,
)
from ocianalyze.facts.shell.tests import read_test
from ocianalyze.facts.shell.tokens import Tokens
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.facts.shell.syntax import Assignment, Command, Redirection, Word

DECLARATIONS: Final = frozenset({"export", "declare", "readonly", "typeset", "local"})
"""The commands behind which ``NAME=value`` is an assignment."""

_MOST_COMMANDS: Final = 20_000
"""How many simple commands one complete command may have; what a shell executes only after it has read all of it."""

_FUNCTION: Final = regex(r"([^\s;&|()<>$`\"'\\=]+)[ \t]*\([ \t]*\)")
_FUNCTION_NAME: Final = regex(r"([^\s;&|()<>$`\"'\\]+)(?:[ \t]*\([ \t]*\))?")
_NAME: Final = regex(r"[A-Za-z_]\w*", re.ASCII)
_TIME_OPTION: Final = regex(r"[ \t]+-p(?=\s)")
_CLOSES: Final = frozenset({")", ";;", ";&", ";;&"})
_ORDINARY: Final = frozenset({"", "in", "[[", "select", "coproc", "function", "time"})
"""The reserved words that are ordinary ones to shells that do not know them, or where they stand."""


class Parser(Tokens):
    """Goes through a script once, from its beginning to its end."""

    _count = 0

    def complete_commands(self) -> Iterator[tuple[Item, ...]]:
        """Yield what a shell reads before it executes anything of it: the commands of a line, or of more.

        Raises:
            SyntaxProblem: what comes next is no command.
        """
        self.skip_empty()
        while self.at < len(self.text):
            self._count = 0
            items = self._list(frozenset(), to_line_end=True)
            if not items:
                raise self.fail(f"unexpected '{self.operator()}'")
            self.skip_blanks()
            if self.peek() == "\n":
                self.end_line()
            else:
                self.read_documents()
            yield items
            self.skip_empty()

    def commands_until_parenthesis(self) -> tuple[Item, ...]:
        """Return the commands up to a closing parenthesis, which is read as well."""
        items = self._list(frozenset())
        if self.operator() != ")":
            raise self.fail("unclosed parenthesis")
        self.at += 1
        return items

    def commands_in(self, text: str) -> tuple[Item, ...]:
        """Return the commands of another text, which begins on this line."""
        inner = Parser(text, self.dialect, line=self.line, depth=self.depth)
        return tuple(item for items in inner.complete_commands() for item in items)

    # --- lists and pipelines ------------------------------------------------------------------------------------------

    def _list(self, ends: frozenset[str], *, to_line_end: bool = False) -> tuple[Item, ...]:
        """Return the commands up to a reserved word of `ends`, to what closes something, or to the end of the line."""
        items: list[Item] = []
        while True:
            if not (to_line_end and items):
                self.skip_empty()
            operator = self.operator()
            if self.at >= len(self.text) or operator in _CLOSES or self.reserved() in ends:
                return tuple(items)
            if to_line_end and items and operator == "\n":
                return tuple(items)
            chain = self._chain()
            operator = self.operator()
            items.append(Item(chain, operator == "&"))
            if operator in ("&", ";"):
                self.at += 1
            elif operator != "\n" and operator not in _CLOSES and self.at < len(self.text):
                raise self.fail(f"unexpected '{operator or self.peek()}' after a command")

    def _body(self, *ends: str) -> tuple[Item, ...]:
        items = self.deeper(lambda: self._list(frozenset(ends)))
        if not items:
            raise self.fail("missing command")
        return items

    def _chain(self) -> Chain:
        first = self._pipeline()
        rest: list[tuple[Literal["&&", "||"], Pipeline]] = []
        while (operator := self.operator()) in ("&&", "||"):
            self.at += len(operator)
            self.skip_empty()
            rest.append(("&&" if operator == "&&" else "||", self._pipeline()))
        return Chain(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = False
        while (word := self.reserved()) in ("!", "time"):
            self.at += len(word)
            negated ^= word == "!"
            if word == "time":
                self.take(_TIME_OPTION)
        commands = [self._command()]
        while (operator := self.operator()) in ("|", "|&"):
            if operator == "|&" and not self.dialect.has("pipe-both"):
                raise self.unknown("'|&'")
            self.at += len(operator)
            self.skip_empty()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # --- commands -----------------------------------------------------------------------------------------------------

    def _command(self) -> Command:
        word, line = self.reserved(), self.line
        read = _COMPOUND.get(word)
        command: Command
        if self.peek(2) == "((" and self.dialect.has("((") and self.closes_twice(self.at + 2):
            self.at += 2
            command = Calculation(line, self.deeper(self.read_arithmetic))
        elif self.peek() == "(":
            self.at += 1
            command = Group(self.deeper(self.commands_until_parenthesis), subshell=True)
        elif read is not None and (word != "[[" or self.dialect.has("[[")):
            self.at += len(word)
            command = read(self, line)
        elif word in ("select", "coproc") and self.dialect.has("arrays"):
            raise self.fail(f"'{word}' is not supported")
        elif word not in _ORDINARY:
            raise self.fail(f"unexpected '{word}'")
        else:
            match = _FUNCTION.match(self.text, self.at)
            return self._simple(line) if match is None else self._function(match)
        line = self.line
        redirections = self.redirections()
        return Redirected(command, redirections, line) if redirections else command

    def _function(self, match: re.Match[str]) -> Function:
        self.at = match.end()
        self.skip_empty()
        body = self.deeper(self._command)
        if isinstance(body, Simple):
            raise self.fail(f"function {match[1]} has no body")
        return Function(match[1], body)

    def _simple(self, line: int) -> Simple:
        self._count += 1
        if self._count > _MOST_COMMANDS:
            raise self.fail(f"a command contains more than {_MOST_COMMANDS:,} commands")
        assignments: list[Assignment] = []
        words: list[Word | Assignment] = []
        redirections: list[Redirection] = []
        declares = False
        while True:
            self.skip_blanks()
            redirection = self.redirection()
            if redirection is not None:
                redirections.append(redirection)
                continue
            assignment = read_assignment(self) if declares or not words else None
            if assignment is not None and words:
                words.append(assignment)
            elif assignment is not None:
                assignments.append(assignment)
            else:
                word = self.read_word()
                if word is None:
                    break
                words.append(word)
                declares = declares or (len(words) == 1 and word.plain in DECLARATIONS)
        if not (assignments or words or redirections):
            raise self.fail(f"unexpected '{self.operator()}'" if self.peek() else "unexpected end of file")
        return Simple(line, tuple(assignments), tuple(words), tuple(redirections))

    def _if(self, line: int) -> If:
        branches = []
        while True:
            condition = self._body("then")
            self.expect("then")
            branches.append((condition, self._body("elif", "else", "fi")))
            word = self.reserved()
            self.at += len(word)
            if word == "elif":
                continue
            otherwise: tuple[Item, ...] = ()
            if word == "else":
                otherwise = self._body("fi")
                self.expect("fi")
            elif word != "fi":
                raise self.fail("missing 'fi'")
            return If(line, tuple(branches), otherwise)

    def _while(self, line: int) -> Loop:
        return Loop(line, self._body("do"), self._do(), inverted=False)

    def _until(self, line: int) -> Loop:
        return Loop(line, self._body("do"), self._do(), inverted=True)

    def _do(self) -> tuple[Item, ...]:
        self.expect("do")
        body = self._body("done")
        self.expect("done")
        return body

    def _for(self, line: int) -> For | Counting:
        self.skip_blanks()
        if self.peek(2) == "((" and self.dialect.has("(("):
            self.at += 2
            start, condition = self.read_arithmetic(";"), self.read_arithmetic(";")
            return Counting(line, start, condition, self.read_arithmetic(), self._for_body())
        name = self.take(_NAME)
        if name is None:
            raise self.fail("missing name after 'for'")
        self.skip_empty()
        words: list[Word] | None = None
        if self.reserved() == "in":
            self.at += 2
            words = []
            self.skip_blanks()
            while (word := self.read_word()) is not None:
                words.append(word)
                self.skip_blanks()
        return For(line, name, None if words is None else tuple(words), self._for_body())

    def _for_body(self) -> tuple[Item, ...]:
        if self.operator() == ";":
            self.at += 1
        self.skip_empty()
        if self.reserved() == "{":
            self.at += 1
            return self._braces(self.line).body
        return self._do()

    def _case(self, line: int) -> Case:
        self.skip_blanks()
        word = self.read_word()
        if word is None:
            raise self.fail("missing word after 'case'")
        self.expect("in")
        clauses: list[Clause] = []
        while True:
            self.skip_empty()
            if self.reserved() == "esac":
                self.at += len("esac")
                return Case(line, word, tuple(clauses))
            clauses.append(self._clause())

    def _clause(self) -> Clause:
        if self.peek() == "(":
            self.at += 1
        patterns = []
        while True:
            self.skip_blanks()
            pattern = self.read_word()
            operator = self.operator()
            if pattern is None or operator not in ("|", ")"):
                raise self.fail("missing ')' after a pattern of 'case'")
            patterns.append(pattern)
            self.at += 1
            if operator == ")":
                break
        body = self.deeper(lambda: self._list(frozenset({"esac"})))
        end = self.operator()
        if end not in _CLOSES - {")"}:
            return Clause(tuple(patterns), body, ";;")
        self.at += len(end)
        return Clause(tuple(patterns), body, end)

    def _braces(self, _line: int) -> Group:
        body = self._body("}")
        self.expect("}")
        return Group(body, subshell=False)

    def _condition(self, line: int) -> Condition:
        return Condition(self.deeper(lambda: read_test(self, line)))

    def _named_function(self, _line: int) -> Function:
        if not self.dialect.has("function"):
            raise self.unknown("'function'")
        self.skip_blanks()
        match = _FUNCTION_NAME.match(self.text, self.at)
        if match is None:
            raise self.fail("missing name after 'function'")
        return self._function(match)


_COMPOUND: Final[dict[str, Callable[[Parser, int], Command]]] = {
    "if": Parser._if,  # noqa: SLF001 - a table of its own methods
    "while": Parser._while,  # noqa: SLF001
    "until": Parser._until,  # noqa: SLF001
    "for": Parser._for,  # noqa: SLF001
    "case": Parser._case,  # noqa: SLF001
    "{": Parser._braces,  # noqa: SLF001
    "[[": Parser._condition,  # noqa: SLF001
    "function": Parser._named_function,  # noqa: SLF001
}
