"""A pair as values, as a page and as files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.output import pair as pair_module
from MSSTUNetReorientLib.output import pair_files
from MSSTUNetReorientLib.output.destination import PAIR
from MSSTUNetReorientLib.output.destination import check_destination
from MSSTUNetReorientLib.output.pair import FIGURES
from MSSTUNetReorientLib.output.pair import VOLUMES
from MSSTUNetReorientLib.output.pair import Pair
from MSSTUNetReorientLib.output.pair import make_pair
from MSSTUNetReorientLib.output.pair import segment_rows
from MSSTUNetReorientLib.output.pair_files import deliver_pair
from MSSTUNetReorientLib.output.pair_report import _segment
from MSSTUNetReorientLib.output.pair_report import pair_content
from MSSTUNetReorientLib.output.pair_report import write_pair_report
from MSSTUNetReorientLib.output.pair_rows import COLUMNS
from MSSTUNetReorientLib.output.pair_rows import pair_rows
from MSSTUNetReorientLib.output.polar_picture import pair_maps_figure
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.perfusion.figure import Figure
from MSSTUNetReorientLib.perfusion.quantification import Perfusion
from MSSTUNetReorientLib.prediction.qc import Quality
from pairs import BOUNDS
from pairs import cold
from pairs import result_of
from pairs import side
from results import make_result

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

STRESS, REST = side(result_of(cold)), side(result_of())
FAILED = side(make_result(quality=Quality("fail", ("No left ventricle was found.",))))
ISCHAEMIA = make_pair(STRESS, REST)


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


def quick(pair: Pair, out: Path, **options: Any) -> Pair:
    return deliver_pair(pair, out, scene=False, **options)


def test_ischaemia_by_hand() -> None:
    """60 of 360 degrees, from 0.3 of the axis to 6 mm below its end, of a wall of 69 mm."""
    expected = 100 / 6 * (63 - 0.3 * 69) / 63
    assert ISCHAEMIA.verdict == "pass"
    assert ISCHAEMIA.figures["reversible_extent_percent"].value == pytest.approx(expected, abs=0.3)
    assert ISCHAEMIA.figures["fixed_extent_percent"].value == 0
    assert ISCHAEMIA.figures["tid_ratio"].value == pytest.approx(1.0)
    assert tuple(ISCHAEMIA.figures) == FIGURES


def test_swapped_studies_get_a_note() -> None:
    wide = side(result_of(lambda h, a: np.where((h > 0.3) & (a >= 200) & (a < 310), 30.0, 100.0)))
    found = make_pair(REST, wide)
    assert found.figures["reversible_extent_percent"].value == 0
    assert any("abnormal at rest and better at stress" in note and "swapped" in note for note in found.notes)
    assert not any("swapped" in note for note in ISCHAEMIA.notes)


def test_notes_of_each_map_are_on_the_page() -> None:
    hot = side(result_of(lambda h, a: np.where((h > 0.3) & (a < 60), 400.0, 100.0)))
    assert any(note.startswith("Rest: Only") and "hot spot" in note for note in make_pair(REST, hot).notes)
    assert not any("hot spot" in note for note in ISCHAEMIA.notes)


class Scored(Perfusion):
    """A perfusion with scores of its own."""

    found: dict[str, Figure]

    @property
    def figures(self) -> dict[str, Figure]:
        return self.found


def scored(values: dict[str, int | None]) -> Perfusion:
    made = Scored("pass")
    names = ("summed_score", "summed_score_lad", "summed_score_lcx", "summed_score_rca")
    figures = {n: Figure(values.get(n), "pass", "" if values.get(n) is not None else "no limits") for n in names}
    object.__setattr__(made, "found", figures)
    return made


@pytest.mark.parametrize(("rest", "risk"), [(1, True), (5, False)])
def test_difference_scores_and_high_risk(monkeypatch: pytest.MonkeyPatch, rest: int, risk: bool) -> None:
    """12 - 1 = 11 of 68 points are 16 %; 12 - 5 = 7 are 10.3 %, and 11 - 5 = 6 are 8.8 %."""
    sums = iter(
        [scored({"summed_score": 11, "summed_score_lad": 2}), scored({"summed_score": rest, "summed_score_lad": 4})]
    )
    monkeypatch.setattr(pair_module, "perfusion_of", lambda _: next(sums))
    figures = (found := make_pair(STRESS, REST)).figures
    assert figures["summed_stress_score"].value == 11
    assert figures["summed_difference_score"].value == 11 - rest
    assert figures["summed_difference_score_lad"].value == -2
    assert figures["summed_difference_score_rca"] == Figure(None, "pass", "no limits")
    assert figures["ischaemic_percent"].value == pytest.approx(100 * (11 - rest) / 68)
    assert any("high risk" in note for note in found.notes) == risk


def test_a_score_that_one_study_lacks_withholds_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = iter([scored({"summed_score": 12}), scored({})])
    monkeypatch.setattr(pair_module, "perfusion_of", lambda _: next(sums))
    figures = make_pair(STRESS, REST).figures
    assert figures["summed_stress_score"].value == 12
    assert figures["summed_difference_score"] == Figure(None, "pass", "no limits (rest)")


def test_a_study_that_fails_withholds_everything_but_both_results_are_written(tmp_path: Path) -> None:
    found = make_pair(STRESS, FAILED)
    assert found.verdict == "fail"
    assert all(f.value is None and "rest" in f.reason and f.verdict == "fail" for f in found.figures.values())
    quick(found, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "pair.json").read_text(encoding="utf-8"))
    assert content["poses"] is None
    assert {s["difference"] for s in content["comparison"]["segments"]} == {None}
    assert {"stress/result.json", "rest/result.json", "report.html"} <= names(tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The comparison is withheld: the quality verdict is fail: no usable left ventricle was found (rest)." in page
    assert page.count('<td class="number">withheld</td>') >= 2 * 17
    assert "no wall" not in page.split("<h2>Segments")[1].split("</table>")[0]
    assert "No left ventricle was found." in page


def test_a_warning_makes_the_verdict_review_and_goes_with_every_figure(tmp_path: Path) -> None:
    found = make_pair(side(STRESS.result, tracer="Tl-201"), side(REST.result, tracer="Tc-99m"))
    assert found.verdict == "review"
    assert {f.verdict for f in found.figures.values()} == {"review"}
    write_pair_report(found, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<li>The tracers differ: Tl-201 at stress, Tc-99m at rest.</li>" in page
    assert re.search(r"Reversible, % of the LV surface</th><td[^>]*>11 % \(review\)", page)


def test_cut_off_heart_withholds_maps_and_volumes() -> None:
    cut = side(result_of(quality=Quality("review", ("cut",), {**BOUNDS, "cut_share": 0.05})))
    found = make_pair(STRESS, cut)
    assert found.comparison is None
    assert found.withheld == "apex or base is cut off by the edge of the field of view (rest)"
    assert found.figures["tid_ratio"].reason == "5 % of the LV is cut off (rest)"


def test_page_and_json_give_the_same_numbers(tmp_path: Path) -> None:
    quick(ISCHAEMIA, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    content = json.loads((tmp_path / "out" / "pair.json").read_text(encoding="utf-8"))
    for s in content["comparison"]["segments"]:
        row = rf"{s['number']} {s['name']}</th><td>{s['territory']}</td>"
        row += r"<td[^>]*>(\d+) % \((\d)\)</td>" * 2 + r"<td[^>]*>([+-]\d+)</td>"
        found = re.search(row, page)
        assert found is not None
        told = [s["stress_percent"], s["stress_score"], s["rest_percent"], s["rest_score"], s["difference"]]
        assert [int(x) for x in found.groups()] == pytest.approx(told, abs=0.51)
    assert content["comparison"]["segments"][9]["difference"] > 50
    difference = content["figures"]["summed_difference_score"]["value"]
    assert difference > 0
    assert re.search(rf"\(SDS\)</th><td[^>]*>{difference}<", page)
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)


def test_function_stands_beside_each_other_only_where_both_are_gated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ISCHAEMIA.figures["stress_ef_percent"] == Figure(None, ISCHAEMIA.verdict, "the study is not gated")
    gated = SimpleNamespace(figures={name: Figure(60.0, "pass") for name in VOLUMES})
    monkeypatch.setattr(pair_module, "function_of_result", lambda result: gated if result is STRESS.result else None)
    figures = make_pair(STRESS, REST).figures
    assert [figures[f"{study}_ef_percent"].value for study in ("stress", "rest")] == [60.0, None]


def test_page_gives_no_reason_for_figures_that_it_does_not_list() -> None:
    content = pair_content(ISCHAEMIA)
    assert not any("Ejection" in label for label, _ in content["figures"])
    assert "the study is not gated" not in content["reasons"]


def test_page_has_no_negative_zero() -> None:
    assert _segment(replace(segment_rows(ISCHAEMIA)[0], difference=-0.2), ISCHAEMIA)[-1] == "+0"


def test_much_reversible_wall_that_scores_miss_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = side(result_of(lambda h, a: np.where((h > 0.3) & (a >= 200) & (a < 310), 30.0, 100.0)))
    assert not any("any of it by the scores" in note for note in make_pair(wide, REST).notes)
    monkeypatch.setattr(pair_module, "_scores", lambda *_: {n: Figure(1, "pass") for n in FIGURES[3:-7]})
    assert any("any of it by the scores" in note for note in make_pair(wide, REST).notes)
    assert not any("any of it by the scores" in note for note in make_pair(STRESS, REST).notes), "11 % of the surface"


def test_maps_stand_side_by_side_with_a_scale_centred_at_zero() -> None:
    figure = pair_maps_figure([p.map for p in ISCHAEMIA.perfusions], ISCHAEMIA.comparison)
    maps = figure.axes[::2]
    assert [ax.get_title() for ax in maps] == [
        "Stress, percent of its maximum", "Rest, percent of its maximum", "Difference: scaled rest minus stress",
    ]  # fmt: skip
    assert [ax.collections[0].get_clim() for ax in maps] == [(0, 100), (0, 100), (-50, 50)]
    colours = maps[2].collections[0].cmap
    assert np.ptp(colours(0.5)[:3]) < 0.02, "no difference has no colour"
    assert colours(1.0)[0] > 2 * colours(1.0)[2], "rest better is red"
    assert colours(0.0)[2] > 2 * colours(0.0)[0], "rest worse is blue"
    texts = [t.get_text() for t in maps[2].texts]
    assert sum(t.startswith("+") and int(t) > 50 for t in texts) == 2
    assert "100 % = 100\ncounts" in figure.axes[1].get_title()


def test_rows_are_aligned_by_the_distance_from_the_apex() -> None:
    """A bright ring at 30 mm above the apex of each heart, whatever its pose, appears in the same columns."""
    results = []
    for correction in (Correction(), Correction(swing=30.0, tilt=-20.0, basal=25.0, lateral=-12.0)):
        base = make_result(make_result().pose.corrected(correction))
        points = base.pose.apply_inverse(base.short_axis.grid.points())
        ring = np.exp(-(((points[..., 2] + 15.0) / 3.0) ** 2)) * (base.labels.array > 0)
        results.append(replace(base, short_axis=Volume(ring.astype(np.float32), base.short_axis.grid)))
    rows = pair_rows(*results)
    assert [r.title for r in rows] == ["SA", "SA", "VLA", "HLA"]
    for pair in rows:
        tiles = np.nan_to_num(pair.images).reshape(2, pair.images.shape[1], COLUMNS, -1)
        stress, rest = tiles.sum(axis=(1, 3))
        assert stress.argmax() == rest.argmax()
        column = np.arange(COLUMNS)
        assert stress @ column / stress.sum() == pytest.approx(rest @ column / rest.sum(), abs=0.3), "a voxel"
    short = [np.nan_to_num(r.images[0]).reshape(r.images.shape[1], COLUMNS, -1).sum(axis=(0, 2)) for r in rows[:2]]
    sums = np.concatenate(short)
    places = [float(text.split()[0]) for r in rows[:2] for text in r.places]
    assert places[int(sums.argmax())] == pytest.approx(30.0, abs=3.0), "the apex is 45 mm below the centre"


def test_each_study_is_shown_in_percent_of_its_own_maximum() -> None:
    rest = replace(REST.result, short_axis=Volume(7 * REST.result.short_axis.array, REST.result.short_axis.grid))
    for rows in pair_rows(REST.result, rest):
        assert np.allclose(rows.images[0], rows.images[1], equal_nan=True, atol=1e-5)
        assert np.nanmax(rows.images) == pytest.approx(1.0, abs=0.3), "interpolation overshoots at an edge"


def test_nothing_personal_is_written(tmp_path: Path) -> None:
    one = replace(STRESS, identity=replace(STRESS.identity, patient="cafe0123beef"))
    quick(make_pair(one, REST), tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"cafe0123beef" not in path.read_bytes()


def test_a_failed_run_leaves_nothing_and_keeps_the_former_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pair_files, "NUMBERS", replace(pair_files.NUMBERS, write=broken))
        with pytest.raises(KeyboardInterrupt):
            quick(ISCHAEMIA, tmp_path / "new" / "out", report=False)
        assert names(tmp_path) == set()
    quick(ISCHAEMIA, tmp_path / "out", report=False)
    before = (tmp_path / "out" / "pair.json").stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(pair_files, "NUMBERS", replace(pair_files.NUMBERS, write=broken))
        with pytest.raises(KeyboardInterrupt):
            quick(ISCHAEMIA, tmp_path / "out", report=False, overwrite=True)
    assert (tmp_path / "out" / "pair.json").stat().st_ino == before
    quick(ISCHAEMIA, tmp_path / "out", report=False, overwrite=True)
    assert (tmp_path / "out" / "pair.json").stat().st_ino != before
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_only_a_pair_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    quick(ISCHAEMIA, out, report=False)
    with pytest.raises(InputError, match="already contains a pair; add --overwrite"):
        check_destination(out, False, PAIR)
    check_destination(out, True, PAIR)
    with pytest.raises(InputError, match="do not belong to a result"):
        check_destination(out, True)
    (out / "rest" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match=r"do not belong to a pair \(rest/letter.txt\)"):
        check_destination(out, True, PAIR)
    deliver(STRESS.result, tmp_path / "single", scene=False, report=False)
    with pytest.raises(InputError, match="do not belong to a pair"):
        check_destination(tmp_path / "single", True, PAIR)


def test_a_folder_that_must_stay_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from MSSTUNetReorientLib.output import destination

    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(destination, "_cannot_be_renamed", lambda path: path == out)
    node = out.stat().st_ino
    quick(ISCHAEMIA, out, report=False)
    first = (out / "pair.json").stat().st_ino
    quick(ISCHAEMIA, out, report=False, overwrite=True)
    assert out.stat().st_ino == node
    assert (out / "pair.json").stat().st_ino != first
    assert {"pair.json", "stress", "rest", "stress/result.json", "rest/pose.tfm"} <= names(out)


def test_without_the_report_packages_the_page_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        msg = "no"
        raise ModuleNotFoundError(msg, name="jinja2")

    monkeypatch.setattr(pair_files, "REPORT", replace(pair_files.REPORT, write=missing))
    notes: list[str] = []
    written = quick(ISCHAEMIA, tmp_path / "out", note=notes.append)
    assert "report.html" in written.left_out
    assert json.loads((tmp_path / "out" / "pair.json").read_text(encoding="utf-8"))["left_out"] == written.left_out
    assert notes == [f"report.html left out: {written.left_out['report.html']}"]
