"""A folder that is watched: each study that is complete gets its result once, and is sent until the archive has it.

The state is on the disk: results and DICOM folders that are complete or not there, and a record of each study and of
each pair. A study is begun (record), made (folders), and then recorded as made; if the program ends in between, what
was made of a begun study is removed and made again, so that a loss of power leaves nothing half-written in the place of
a result.

Stress and rest are made together when both are complete, also if the first has had a result of its own before. What of
it was made for the archive is not made again.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import ExitStack
from contextlib import closing
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from ..errors import InputError
from ..io.atomic_file import write_text
from ..io.folder_lock import locked
from ..io.inbox import Inbox
from ..io.study_completeness import what_is_missing
from ..io.study_search import FoundStudy
from ..io.study_search import find_studies
from ..output.batch_folder import batch_folder
from ..output.batch_folder import remove_half_written
from ..output.batch_rows import row_without_result
from ..output.batch_table import BatchTable
from ..output.colour_tables import check_colours
from ..output.destination import writing_errors
from ..output.limits_choice import check_request
from ..output.watch_records import BEGUN
from ..output.watch_records import DONE
from ..output.watch_records import NO_DICOM
from ..output.watch_records import NO_RESULT
from ..output.watch_records import TO_SEND
from ..output.watch_records import Record
from ..output.watch_records import Records
from .batch_task import Making
from .batch_task import Task
from .batch_task import start_worker
from .crew import DiedError
from .crew import by_processes
from .run_batch import default_jobs
from .run_batch import settings_of
from .run_batch import with_whole_paths
from .terminal import print_nothing
from .watch_groups import Group
from .watch_groups import groups_of
from .watch_groups import name_of
from .watch_task import Outcome
from .watch_task import WatchTask
from .watch_task import work_on

if TYPE_CHECKING:
    from ..archive.sending import Sent

Log = Callable[[str], None]
Outcomes = Iterator[tuple[WatchTask, "list[Outcome] | DiedError"]]
Doing = Callable[[Sequence[WatchTask]], Outcomes]
Sending = Callable[[Path], "Sent | None"]

LOOK_EVERY_S = 5.0
WAIT_S = 30.0
"""A study is complete when no file of it has come for so long, by default."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 900.0
"""Before a disk or an archive that failed is tried again: twice as long each time."""
OUTGOING = "outgoing"
"""In the output folder: DICOM objects that the archive does not have yet, with the patient's name, ID and dates."""
STATUS = "watch.json"


@dataclass(frozen=True)
class Delivery:
    """Where results go besides the output folder.

    Attributes:
        dicom_out: a folder that keeps DICOM objects; None for none.
        send: sends a folder of them, and raises InputError if the archive does not have them then; None for no archive.
        anonymous: pseudonyms in them.
    """

    dicom_out: Path | None = None
    send: Sending | None = None
    anonymous: bool = False


def run_watch(
    inbox: Path,
    out: Path,
    making: Making = Making(),  # noqa: B008 -- frozen
    delivery: Delivery = Delivery(),
    *,
    wait_s: float = WAIT_S,
    jobs: int | None = None,
    log: Log | None = None,
    begin: Callable[[], object] | None = None,
    until: Callable[[], bool] | None = None,
    doing: Doing | None = None,
) -> None:
    """Watch a folder until the process is ended.

    Args:
        inbox: the folder; nothing in it is changed, and files of studies that are done may be removed at any time.
        out: the folder of the results, as of a batch.
        making: how results are made.
        delivery: where else they go.
        wait_s: a study is complete when no file of it has come for so long, and its header misses nothing.
        jobs: processes; by default one for each core.
        log: called with each event, in words without personal data.
        begin: called once the folders are ours, before the first look.
        until: asked after each look whether to end.
        doing: does tasks; by default in processes that end when nothing is left to do.

    Raises:
        InputError: an option is wrong, a folder breaks a rule, or another process watches it. Later, nothing that is
            wrong with a study, a disk or an archive ends the watching.
    """
    check_colours(making.colours)
    check_request(making.limits)
    inbox, out = inbox.expanduser().absolute(), out.expanduser().absolute()
    _check_places(inbox, out, delivery.dicom_out)
    settings = settings_of(making)
    with ExitStack() as held:
        with writing_errors(inbox):
            held.enter_context(locked(inbox))
        held.enter_context(batch_folder(out, settings, False))
        watch = _Watch(Inbox(inbox, wait_s), out, with_whole_paths(making), delivery, log or print_nothing)
        watch.doing = doing or _by_crew(jobs, making)
        watch.clean_up()
        if begin is not None:
            begin()
        while True:
            watch.look()
            if until is not None and until():
                return
            time.sleep(min(LOOK_EVERY_S, wait_s))


class _Watch:
    """The work of :func:`run_watch`, whose arguments are described there."""

    doing: Doing

    def __init__(self, inbox: Inbox, out: Path, making: Making, delivery: Delivery, log: Log) -> None:
        self.inbox, self.out, self.making, self.delivery, self.log = inbox, out, making, delivery, log
        self.outgoing = out / OUTGOING
        kept = delivery.dicom_out.expanduser().absolute() if delivery.dicom_out is not None else None
        self.dicom = self.outgoing if kept is None and delivery.send is not None else kept
        self.records = Records(out)
        self.waiting: dict[str, str] = {}
        self.pauses = _Pauses()
        self._status = ""

    def clean_up(self) -> None:
        """After a former run: remove what was begun and perhaps not all written, and what was sent."""
        for record in self.records:
            if record.state == BEGUN:
                self._remove(self.out / record.study, self._dicom_of(record.study))
            if record.state in (BEGUN, DONE):
                self._remove(self.outgoing / record.study)
        if self.dicom is not None:
            with writing_errors(self.dicom):
                self.dicom.mkdir(parents=True, exist_ok=True)
                remove_half_written(self.dicom)
        self.table = BatchTable(self.out, {})
        for record in self.records:
            if record.state == NO_RESULT and not record.is_pair:
                self.table.rows[record.study] = row_without_result(record.study, "", record.reason)
        self._complete_table()
        unsent = sum(record.state == TO_SEND for record in self.records)
        if unsent and self.delivery.send is None:
            self.log(f"{unsent} studies of a former run wait to be sent, but --send is not given")

    def look(self) -> None:
        """One round: what is complete is made, and what is made is sent; an error of a disk is told and tried again."""
        for what, do in (("inbox", self._make), ("archive", self._send), ("status", self._write_status)):
            if self.pauses.hold(what):
                continue
            try:
                do()
            except (InputError, OSError) as error:  # the latter would name a file
                words = str(error) if isinstance(error, InputError) else f"{what}: {error.strerror}"
                self.log(f"{words}; trying again in {self.pauses.begin(what):.0f} s")

    def _make(self) -> None:
        if not self.inbox.look():
            return
        search = find_studies([self.inbox.folder])
        self.table.left_out = search.left_out
        quiet = {study.key: study for study in search.studies if self.inbox.is_quiet(study.paths)}
        missing = {key: words for key, study in quiet.items() if (words := self._missing(study))}
        self._tell_waiting(missing)
        coming = {study.key for study in search.studies} - set(quiet)
        groups = groups_of(search.studies, set(quiet) - set(missing), coming)
        while due := [task for group in groups.ready for task in self._due(group)]:
            self._make_all(due)
        self.inbox.handled(but={path for study in groups.held if not self._ended(study) for path in study.paths})
        self.pauses.end("inbox")

    def _missing(self, study: FoundStudy) -> str:
        """What is missing of a study that is not made yet; files of others are not read."""
        return "" if self._ended(study) else what_is_missing(study)

    def _due(self, group: Group) -> list[Task]:
        """What is to be made of a group; where stress and rest cannot be a pair, each alone."""
        pair = self.records.of(name_of(group)) if len(group) > 1 else None
        if pair is not None and pair.state == NO_RESULT and self._ended(*group):
            return [task for study in group for task in self._due((study,))]
        return [] if all(self._ended(*part) for part in _parts(group)) else [Task(group, self.out, self.making)]

    def _ended(self, *studies: FoundStudy) -> bool:
        """Whether nothing is left to do with a study, or a pair, but to send it.

        What failed is tried again when its files have changed.
        """
        record = self.records.of(name_of(studies))
        if record is None or record.state == BEGUN:
            return False
        return record.state in (TO_SEND, DONE) or record.files == self._stamp(studies)

    def _stamp(self, studies: Group) -> str:
        return self.inbox.stamp(path for study in studies for path in study.paths)

    def _tell_waiting(self, missing: dict[str, str]) -> None:
        for key, words in missing.items():
            if self.waiting.get(key) != words:
                self.log(f"{key}: waits, {words}")
        self.waiting = missing

    def _make_all(self, tasks: Sequence[Task]) -> None:
        for part in (part for task in tasks for part in _parts(task.studies)):
            if not self._ended(*part):
                self.records.keep(Record(name_of(part), BEGUN))
        self._write_status()
        with closing(self.doing([self._watched(task) for task in tasks])) as outcomes:  # type: ignore[type-var]
            for watched, outcome in outcomes:
                self._keep_all(watched.task, outcome)
                self._send()
                self._write_status()
        self._complete_table()

    def _watched(self, task: Task) -> WatchTask:
        """With the folders for DICOM objects of those studies that are begun; others have theirs."""
        folders = tuple(self._dicom_of(study.key) if self._is_begun((study,)) else None for study in task.studies)
        return WatchTask(task, folders, self.delivery.anonymous)

    def _is_begun(self, studies: Group) -> bool:
        record = self.records.of(name_of(studies))
        return record is not None and record.state == BEGUN

    def _keep_all(self, task: Task, outcome: list[Outcome] | DiedError) -> None:
        """Record what has become of a task: the pair before its studies, whose results lie in its folder.

        Where the process of a pair died, its studies stay begun, and are made alone.
        """
        together = len(task.studies) > 1
        if isinstance(outcome, DiedError):
            if together:
                self._keep_pair(task, NO_RESULT, str(outcome))
                return
            outcome = [Outcome(row) for row in task.failed(str(outcome))]
        rows = [one.row for one in outcome]
        self.table.add(rows)
        if together and self._is_begun(task.studies):
            self._keep_pair(task, rows[0]["pair_status"], rows[0]["pair_warnings"])
        for study, one in zip(task.studies, outcome, strict=True):
            if self._is_begun((study,)):
                self._keep(study, one)

    def _keep_pair(self, task: Task, status: str, warnings: str) -> None:
        """Record what has become of stress and rest together."""
        name, files = name_of(task.studies), self._stamp(task.studies)
        if status == NO_RESULT:
            self.records.keep(Record(name, NO_RESULT, warnings, files))
            self.log(f"{name}: no pair, {warnings}")
        else:
            self.records.keep(Record(name, DONE, files=files))
            self.log(f"{name}: stress and rest together, {status}")

    def _keep(self, study: FoundStudy, outcome: Outcome) -> None:
        """Record what has become of a study."""
        row, key, files = outcome.row, study.key, self._stamp((study,))
        if row["status"] == NO_RESULT:
            record = Record(key, NO_RESULT, row["reasons"], files)
        elif outcome.refused:
            record = Record(key, NO_DICOM, outcome.refused, files)
        else:
            record = Record(key, DONE if self.delivery.send is None else TO_SEND, files=files)
        self.records.keep(record)
        for what, why in outcome.left_out.items():
            self.log(f"{key}: {what} left out: {why}")
        words = f"no result, {record.reason}" if record.state == NO_RESULT else f"result made, {row['status']}"
        self.log(f"{key}: {words}" + (f"; no DICOM objects, {record.reason}" if record.state == NO_DICOM else ""))

    def _complete_table(self) -> None:
        """Write it; the row of a stress study also tells why there is no pair."""
        for record in self.records:
            row = self.table.rows.get(record.study.split("-")[0])
            if record.is_pair and record.state == NO_RESULT and row is not None and not row.get("pair_status"):
                row |= {"pair_status": NO_RESULT, "pair_warnings": record.reason}
        self.table.complete()

    def _send(self) -> None:
        """Those that failed least often first; after a failure nothing is sent for a while."""
        send = self.delivery.send
        if send is None or self.pauses.hold("archive"):
            return
        due = [r for r in self.records if r.state == TO_SEND and not self.pauses.hold(r.study)]
        for record in sorted(due, key=lambda record: (record.tries, record.study)):
            kept = self._dicom_of(record.study)
            try:
                sent = send(kept if kept is not None and kept.is_dir() else self.outgoing / record.study)
            except Exception as error:
                reason = str(error) if isinstance(error, InputError) else f"internal error: {type(error).__name__}"
                self.pauses.begin("archive", 0)
                pause = self.pauses.begin(record.study, record.tries)
                self.records.keep(replace(record, tries=record.tries + 1, reason=reason))
                self.log(f"{record.study}: not sent, {reason}; trying again in {pause:.0f} s")
                return
            self.records.keep(replace(record, state=DONE, reason=""))
            self.pauses.end(record.study)
            confirmed = sent is not None and sent.committed
            self.log(f"{record.study}: sent" + ("; the archive confirmed to keep it" if confirmed else ""))
            self._remove(self.outgoing / record.study)

    def _dicom_of(self, key: str) -> Path | None:
        return None if self.dicom is None else self.dicom / key

    def _remove(self, *folders: Path | None) -> None:
        for folder in folders:
            if folder is not None and folder.is_dir():
                with writing_errors(folder):
                    shutil.rmtree(folder)

    def _write_status(self) -> None:
        """What is going on, for people: nothing reads it."""
        states, pairs = (Counter(r.state for r in self.records if r.is_pair == pair) for pair in (False, True))
        unsent = {r.study: {"tries": r.tries, "reason": r.reason} for r in self.records if r.state == TO_SEND}
        content: dict[str, Any] = {"studies": dict(sorted(states.items())), "pairs": dict(sorted(pairs.items()))}
        content |= {"waiting": self.waiting, "to_send": unsent}
        text = json.dumps(content, indent=2) + "\n"
        if text != self._status:
            write_text(self.out / STATUS, text)
            self._status = text
        self.pauses.end("status")


class _Pauses:
    """When what failed may be tried again."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, int]] = {}

    def begin(self, what: str, tries: int | None = None) -> float:
        """Something failed; return for how long it is left alone."""
        before = self._until.get(what, (0.0, 0))[1] if tries is None else tries
        pause = float(min(FIRST_PAUSE_S * 2 ** min(before, 10), LONGEST_PAUSE_S))
        self._until[what] = time.monotonic() + pause, before + 1
        return pause

    def hold(self, what: str) -> bool:
        """Whether it is still left alone."""
        return what in self._until and time.monotonic() < self._until[what][0]

    def end(self, what: str) -> None:
        """It succeeded."""
        self._until.pop(what, None)


def _parts(group: Group) -> list[Group]:
    """What of a group has a record: each study, and the pair."""
    return [*((study,) for study in group), *([group] if len(group) > 1 else [])]


def _by_crew(jobs: int | None, making: Making) -> Doing:
    def do(tasks: Sequence[WatchTask]) -> Outcomes:
        most = min(jobs or default_jobs(making), len(tasks))
        return by_processes(work_on, tasks, most, start_worker, ())

    return do


def _check_places(inbox: Path, out: Path, dicom_out: Path | None) -> None:
    """Refuse folders that would feed what is written into what is watched.

    Raises:
        InputError: there is no inbox, or one folder lies in another.
    """
    if not inbox.is_dir():
        msg = f"{inbox}: no such folder; make the folder that shall be watched"
        raise InputError(msg)
    written = [out, *([dicom_out.expanduser().absolute()] if dicom_out is not None else [])]
    for folder in written:
        if _inside(folder, inbox) or _inside(inbox, folder):
            msg = f"{folder}: what is written must lie outside the folder that is watched; choose another"
            raise InputError(msg)


def _inside(folder: Path, other: Path) -> bool:
    return folder.resolve().is_relative_to(other.resolve())
