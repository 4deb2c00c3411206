"""Statements as the drivers take them: SQL text and a tuple of values, compiled once for each shape of a statement.

SQLAlchemy says what a statement means on each database; running it is in links.py, without the layers between.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import JSON, BindParameter, Dialect, Executable, LargeBinary, SelectBase, String, Table, bindparam
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

from storage.jsontext import read, written
from storage.rows import Made, Process, rows
from storage.schema import Moment, from_micros, to_micros

_LENGTHS = 64
"""Lengths of lists for which the SQL of one statement is kept."""


class Plan:
    """One compiled statement."""

    def __init__(
        self, statement: Any, dialect: Dialect, *, keys: Sequence[str] | None = None, key: Any = None, prefix: str = ""
    ) -> None:
        """`prefix` is what the compiled names begin with and the given ones do not."""
        compiled = statement.compile(dialect=dialect, column_keys=keys, for_executemany=False, cache_key=key)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"not a statement that can be planned: {type(statement).__name__}")
        self.sql = str(compiled)
        self.statement = statement
        self._compiled = compiled
        self._prefix = prefix
        names: Sequence[str] = compiled.positiontup or ()
        self._names = [name.removeprefix(prefix) for name in names]
        self._processors = _processors(compiled)
        self.expands = bool(compiled.post_compile_params)
        lists = sorted(compiled.bind_names[bind] for bind in compiled.post_compile_params)
        self._lists = [name.removeprefix(prefix) for name in lists]
        self._fixed = _defaults(compiled)
        sources = _sources(compiled, key)
        for name, bind in compiled.binds.items():  # what the compiler itself has put in, such as OFFSET 0
            if name not in sources and not bind.required:
                self._fixed.setdefault(name, bind.effective_value)
        self._places = [(sources.get(name), self._fixed.get(name), self._processors.get(name)) for name in names]
        self._converted = [(i, self._processors[n]) for i, n in enumerate(names) if n in self._processors]
        self._lengths: dict[tuple[int, ...], _Expanded] = {}
        self.made: Made | None = None
        """How rows are made, once the first have come."""

    def makes(self, names: Callable[[], Sequence[tuple[str, int | None]]]) -> Made:
        """How rows are made of what the driver gives; `names` tells each column's name and the driver's type of it."""
        if self.made is None:
            self.made = _rows(self._compiled, names())
        return self.made

    def values(self, key: Any) -> tuple[str, tuple[Any, ...]]:
        """SQL and values for another statement of the same shape; `key` is that statement's cache key."""
        if self.expands or key is None:
            given = self._compiled.construct_params(extracted_parameters=key.bindparams if key else None)
            return self.expanded(given) if self.expands else (self.sql, self.named(given))
        found = []
        for source, fixed, process in self._places:
            value = fixed if source is None else key.bindparams[source].effective_value
            found.append(value if process is None else process(value))
        return self.sql, tuple(found)

    def named(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of one row or one call, given by name."""
        every = {**self._fixed, **values} if self._fixed else values
        found = [every[name] for name in self._names]
        for place, process in self._converted:
            found[place] = process(found[place])
        return tuple(found)

    def expanded(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """SQL and values, with one placeholder for each member of a list."""
        known = {**self._fixed, **values}
        lengths = tuple([len(known[name]) for name in self._lists])
        made = self._lengths.get(lengths)
        if made is None:
            own = {name: name.removeprefix(self._prefix) for name in self._compiled.binds}
            made = _expanded(self._compiled, {n: known[o] for n, o in own.items() if o in known}, self._processors)
            made = made._replace(places=[(own[name], at) for name, at in made.places])
            if len(self._lengths) < _LENGTHS:
                self._lengths[lengths] = made
        found = [known[name] if at is None else known[name][at] for name, at in made.places]
        for place, process in made.converted:
            found[place] = process(found[place])
        return made.sql, tuple(found)


ME: BindParameter[str] = bindparam("me", type_=String)
"""The tenant, in a form: whoever runs it puts its own there."""


_OWN = "p_"
"""What the names of a form's values begin with in the statement: a column may have the same name."""


class Form:
    """A statement whose values come later, built once: most of what a statement costs is saying it again.

    The function is called with a placeholder for each of its arguments, so it must not look at them.
    """

    def __init__(self, build: Callable[..., Executable], lists: Sequence[str], of: str = "") -> None:
        self.of = of
        """The value that says whose rows it asks for, of every table that divides its rows by a column of that name."""
        wanted = inspect.signature(build).parameters
        self.statement = cast(
            Any, build(**{name: bindparam(f"{_OWN}{name}", expanding=name in lists) for name in wanted})
        )
        self.is_change = not isinstance(self.statement, SelectBase)
        self.tables = frozenset(part for part in visitors.iterate(self.statement) if isinstance(part, Table))
        self.__doc__ = build.__doc__

    def __call__(self, **values: Any) -> Filled:
        """The statement with its values."""
        return Filled(self, values)


class Filled(NamedTuple):
    """A form and what stands in it."""

    form: Form
    values: dict[str, Any]


def form(build: Callable[..., Executable]) -> Form:
    """Makes a form of a function that builds a statement."""
    return Form(build, ())


def form_with(*lists: str) -> Callable[[Callable[..., Executable]], Form]:
    """The same where some of the values are lists, for `in_`."""
    return lambda build: Form(build, lists)


def form_of(column: str) -> Callable[[Callable[..., Executable]], Form]:
    """The same for what asks for the rows of one of these alone: it need not wait for what is late of others."""
    return lambda build: Form(build, (), column)


class Plans:
    """The plans of one database. Few hundred shapes: nothing is ever dropped."""

    watch: Callable[[Any, str], None] | None = None
    """Hears of every statement that is sent, and its SQL. For tests and measurements."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._known: dict[Any, Plan] = {}

    def of(self, statement: Executable) -> tuple[Plan, str, tuple[Any, ...]]:
        """The plan of a statement, and its SQL and values."""
        key = statement._generate_cache_key()  # type: ignore[attr-defined]
        plan = self._known.get(key.key) if key is not None else None
        if plan is None:
            plan = Plan(statement, self.dialect, key=key)
            if key is not None:
                self._known[key.key] = plan
        sql, values = plan.values(key)
        if self.watch is not None:
            self.watch(statement, sql)
        return plan, sql, values

    def filled(self, one: Filled) -> tuple[Plan, str, tuple[Any, ...]]:
        """The plan of a form, its SQL, and its values as the driver takes them."""
        plan = self._known.get(one.form)
        if plan is None:
            plan = self._known[one.form] = Plan(one.form.statement, self.dialect, prefix=_OWN)
        sql, given = plan.expanded(one.values) if plan.expands else (plan.sql, plan.named(one.values))
        if self.watch is not None:
            self.watch(plan.statement, sql)
        return plan, sql, given

    def by_name(self, statement: Executable, names: Sequence[str]) -> Plan:
        """The plan of a lasting statement whose values come by name: rows of an insert, or its `bindparam`s."""
        known = (id(statement), tuple(names))
        plan = self._known.get(known)
        if plan is None or plan.statement is not statement:
            plan = Plan(statement, self.dialect, keys=names)
            self._known[known] = plan
        if self.watch is not None:
            self.watch(statement, plan.sql)
        return plan


def _processors(compiled: SQLCompiler) -> dict[str, Process]:
    """What is done to each value before the driver gets it. Both drivers take bytes as they are."""
    found: dict[str, Process] = {}
    for name, process in compiled._bind_processors.items():
        kind = compiled.binds[name].type
        if callable(process) and not isinstance(kind, LargeBinary):
            found[name] = _closes(kind, process)
    return found


def _closes(kind: TypeEngine[Any], process: Process) -> Process:
    """What is done to a value of this kind: ours where it is shorter than the library's way to the same."""
    if isinstance(kind, Moment):
        return to_micros
    return _json if isinstance(kind, JSON) and not kind.none_as_null else process


def _json(value: Any) -> str:
    return written(None if value is JSON.NULL else value)


def _from_json(value: Any) -> Any:
    return read(value) if isinstance(value, (str, bytes)) else value


class _Expanded(NamedTuple):
    """A statement for lists of certain lengths: each placeholder's value by name, and its place in the list."""

    sql: str
    places: list[tuple[str, int | None]]
    converted: list[tuple[int, Process]]


def _expanded(compiled: SQLCompiler, known: Mapping[str, Any], processors: Mapping[str, Process]) -> _Expanded:
    state = compiled._process_parameters_for_postcompile(dict(known))
    members = {one: (name, at) for name, some in state.parameter_expansion.items() for at, one in enumerate(some)}
    if any(
        isinstance(known[name], str) or len(known[name]) != len(some)
        for name, some in state.parameter_expansion.items()
    ):
        raise TypeError("a list of single values is wanted")
    names = state.positiontup if state.positiontup is not None else list(compiled.positiontup or ())
    used = {**processors, **{name: p for name, p in state.processors.items() if callable(p)}}
    used = {name: to_micros if isinstance(_kind(compiled, name, members), Moment) else p for name, p in used.items()}
    places: list[tuple[str, int | None]] = [members.get(name, (name, None)) for name in names]
    return _Expanded(state.statement, places, [(i, used[name]) for i, name in enumerate(names) if name in used])


def _kind(compiled: SQLCompiler, name: str, members: Mapping[str, tuple[str, int]]) -> Any:
    return compiled.binds[members[name][0] if name in members else name].type


def _sources(compiled: SQLCompiler, key: Any) -> dict[str, int]:
    """Which of the statement's own values stands at each name."""
    if key is None or compiled._cache_key_bind_match is None:
        return {}
    matched = compiled._cache_key_bind_match[0]
    at = {id(bind): index for index, original in enumerate(key.bindparams) for bind in matched[original]}
    return {name: at[id(bind)] for name, bind in compiled.binds.items() if id(bind) in at}


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    """What stands in a column that an insert or update does not name. Only plain values: the program makes the rest."""
    found: dict[str, Any] = {}
    for column in [*(compiled.insert_prefetch or ()), *(compiled.update_prefetch or ())]:
        default = column.default
        if not isinstance(default, ScalarElementColumnDefault):
            raise TypeError(f"{column} has no plain default")
        found[compiled._within_exec_param_key_getter(column)] = default.arg
    return found


def _rows(compiled: SQLCompiler, found: Sequence[tuple[str, int | None]]) -> Made:
    columns = compiled._result_columns
    if not columns or compiled._textual_ordered_columns or compiled._loose_column_name_matching:
        return rows([name for name, _ in found])
    processors = [_opens(column.type, compiled.dialect, kind) for column, (_, kind) in zip(columns, found, strict=True)]
    return rows([column.keyname for column in columns], processors)


def _opens(kind: TypeEngine[Any], dialect: Dialect, driver_type: int | None) -> Process | None:
    """What is done to each value that the driver gives."""
    if isinstance(kind, Moment):
        return from_micros
    if isinstance(kind, LargeBinary):
        return None
    process = kind._cached_result_processor(dialect, driver_type)
    return _from_json if process is not None and isinstance(kind, JSON) else process
