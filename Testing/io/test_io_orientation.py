"""Files that do not define left and right, and the orientation that a user states; nibabel is the oracle for NIfTI."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.orientation import LETTERS
from MSSTUNetReorientLib.io.orientation import letters_of
from scipy.spatial.transform import Rotation

SHAPE = (30, 28, 26)
ARRAY = np.random.default_rng(0).integers(1, 100, SHAPE).astype(np.int16)
SPACING = (4.0, 4.5, 5.0)
ALL = ["".join(p) for p in itertools.product("LRAPSI", repeat=3) if len({LETTERS[c][0] for c in p}) == 3]


def image() -> sitk.Image:
    made = sitk.GetImageFromArray(ARRAY)
    made.SetSpacing(SPACING)
    made.SetOrigin((-50.0, -60.0, 300.0))
    return made


def warned(path: Path) -> bool:
    return any("--orientation" in w for w in read_study(path).info.get("warnings", []))


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd", "a.nii", "a.nii.gz"])
def test_what_itk_and_slicer_write_is_clean(name: str, tmp_path: Path):
    sitk.WriteImage(image(), str(tmp_path / name))
    assert not warned(tmp_path / name)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_oblique_nifti_that_itk_writes_is_clean(seed: int, mirrored: bool, tmp_path: Path):
    """ITK writes the same axes twice, as a quaternion and as rows: whatever they are, they agree."""
    made = image()
    turn = Rotation.random(random_state=seed).as_matrix() * [1, 1, -1 if mirrored else 1]
    made.SetDirection(turn.ravel().tolist())
    sitk.WriteImage(made, str(tmp_path / "a.nii"))
    assert not warned(tmp_path / "a.nii")
    volume = read_study(tmp_path / "a.nii")
    i, j, k = np.round(volume.grid.index_of(made.TransformIndexToPhysicalPoint((7, 5, 3)))).astype(int)
    assert volume.array[k, j, i] == made[7, 5, 3]


@pytest.mark.parametrize("name", ["a.vtk", "a.gipl", "a.mrc"])
def test_formats_without_patient_axes(name: str, tmp_path: Path):
    sitk.WriteImage(sitk.Cast(image(), sitk.sitkFloat32), str(tmp_path / name))
    assert warned(tmp_path / name)
    assert "warnings" not in read_study(tmp_path / name, orientation="LPS").info


def nrrd(path: Path, space: str | None, directions: bool = True) -> Path:
    lines = ["NRRD0005", "type: short", "dimension: 3", "sizes: 26 28 30", "endian: little", "encoding: raw"]
    if space:
        lines.append(space)
    lines.append("space directions: (4,0,0) (0,4.5,0) (0,0,5)" if directions else "spacings: 4 4.5 5")
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + ARRAY.tobytes())
    return path


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-left-handed", "3D-right-handed"])
def test_nrrd_spaces_that_are_no_patients(space: str, tmp_path: Path):
    path = nrrd(tmp_path / "a.nrrd", f"space: {space}")
    (warning,) = read_study(path).info["warnings"]
    assert f"its space is {space.lower()}" in warning
    assert "assumed to be LPS" in warning


def test_nrrd_without_space(tmp_path: Path):
    assert warned(nrrd(tmp_path / "a.nrrd", "space dimension: 3"))
    assert warned(nrrd(tmp_path / "b.nrrd", None, directions=False))


@pytest.mark.parametrize(("space", "signs"), [("left-posterior-superior", (1, 1, 1)), ("LPS", (1, 1, 1)),
                                              ("right-anterior-superior", (-1, -1, 1)), ("RAS", (-1, -1, 1)),
                                              ("left-anterior-superior", (1, -1, 1))])  # fmt: skip
def test_nrrd_spaces_that_are_the_patients(space: str, signs: tuple, tmp_path: Path):
    path = nrrd(tmp_path / "a.nrrd", f"space: {space}")
    volume = read_study(path)
    assert "warnings" not in volume.info
    place = np.array([7 * 4, 5 * 4.5, 3 * 5]) * signs
    i, j, k = np.round(volume.grid.index_of(place)).astype(int)
    assert volume.array[k, j, i] == ARRAY[3, 5, 7]


@pytest.mark.parametrize("orientation", ["", "AnatomicalOrientation = ???\n", "AnatomicalOrientation = LPS\n"])
def test_metaimage_without_the_orientation_that_itk_writes(orientation: str, tmp_path: Path):
    sitk.WriteImage(image(), str(tmp_path / "a.mha"))
    content = (tmp_path / "a.mha").read_bytes()
    assert b"AnatomicalOrientation = RAI\n" in content
    (tmp_path / "b.mha").write_bytes(content.replace(b"AnatomicalOrientation = RAI\n", orientation.encode()))
    assert warned(tmp_path / "b.mha")


@pytest.mark.parametrize("letters", ALL)
def test_stated_letters_are_nibabels(letters: str, tmp_path: Path):
    nib = pytest.importorskip("nibabel")
    volume = read_study(nrrd(tmp_path / "a.nrrd", None, directions=False), orientation=letters)
    ras = np.diag([-1, -1, 1]) @ volume.grid.direction
    codes = "".join(nib.aff2axcodes(np.block([[ras, np.zeros((3, 1))], [np.zeros((1, 3)), 1]])))
    turned_k = {"L": "R", "R": "L", "A": "P", "P": "A", "S": "I", "I": "S"}
    assert codes in (letters, letters[:2] + turned_k[letters[2]])  # k is turned round where axes are left-handed
    first = volume.array[0] if codes == letters else volume.array[-1]
    np.testing.assert_array_equal(first, ARRAY[0])
    np.testing.assert_allclose(volume.grid.centre, np.array([25, 27, 29]) * SPACING / 2)


def test_a_file_that_states_otherwise(tmp_path: Path):
    sitk.WriteImage(image(), str(tmp_path / "a.nrrd"))
    volume = read_study(tmp_path / "a.nrrd", orientation="RAS")
    assert letters_of(volume.grid.direction) == "RAS"
    assert volume.info["warnings"] == ["The file states its axes as LPS, the user as RAS: check left and right."]
    same = read_study(tmp_path / "a.nrrd", orientation="lps")
    assert "warnings" not in same.info
    assert same.grid.origin.tolist() == [-50, -60, 300]


@pytest.mark.parametrize("letters", ["LP", "LPSS", "LRS", "XYZ", "", "LLL"])
def test_letters_that_are_none(letters: str, tmp_path: Path):
    sitk.WriteImage(image(), str(tmp_path / "a.nrrd"))
    with pytest.raises(InputError, match="three letters"):
        read_study(tmp_path / "a.nrrd", orientation=letters)


class TestNifti:
    AFFINE = np.array([[-4.0, 0, 0, 50], [0, -4.5, 0, 60], [0, 0, 5, 300], [0, 0, 0, 1]])

    def write(self, path: Path, qform: int, sform: int, s_affine: np.ndarray | None = None, version: int = 1) -> Path:
        nib = pytest.importorskip("nibabel")
        made = (nib.Nifti1Image if version == 1 else nib.Nifti2Image)(ARRAY.transpose(2, 1, 0), self.AFFINE)
        made.set_qform(self.AFFINE, qform)
        made.set_sform(self.AFFINE if s_affine is None else s_affine, sform)
        nib.save(made, path)
        return path

    @pytest.mark.parametrize(("qform", "sform"), [(1, 1), (1, 0), (0, 1), (2, 4)])
    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
    def test_codes(self, qform: int, sform: int, version: int, ending: str, tmp_path: Path):
        volume = read_study(self.write(tmp_path / f"a{ending}", qform, sform, version=version))
        assert "warnings" not in volume.info
        np.testing.assert_array_equal(volume.array, ARRAY)
        np.testing.assert_allclose(volume.grid.matrix, np.diag([-1, -1, 1, 1]) @ self.AFFINE, atol=1e-4)

    @pytest.mark.parametrize("version", [1, 2])
    def test_no_codes(self, version: int, tmp_path: Path):
        assert warned(self.write(tmp_path / "a.nii", 0, 0, version=version))

    @pytest.mark.parametrize(
        ("change", "contradict"),
        [
            (np.diag([-1.0, 1, 1, 1]), True),
            (np.array([[1, 0, 0, 3.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), True),
            (np.array([[1, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), False),
            (np.array([[1, -0.03, 0, 0], [0.03, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), True),
        ],
    )
    def test_forms_that_contradict(self, change: np.ndarray, contradict: bool, tmp_path: Path):
        path = self.write(tmp_path / "a.nii", 1, 1, change @ self.AFFINE)
        assert warned(path) == contradict

    @pytest.mark.parametrize(
        ("degrees", "voxels", "contradict"),
        [(0.95, 0.0, False), (1.05, 0.0, True), (0.0, 0.48, False), (0.0, 0.52, True)],
    )
    @pytest.mark.parametrize("axis", range(3))
    def test_forms_may_differ_by_a_degree_and_half_a_voxel(
        self, axis: int, degrees: float, voxels: float, contradict: bool, tmp_path: Path
    ):
        other = self.AFFINE.copy()
        other[:3, :3] = Rotation.from_rotvec(np.deg2rad(degrees) * np.eye(3)[axis]).as_matrix() @ other[:3, :3]
        other[axis, 3] += voxels * min(SPACING)
        assert warned(self.write(tmp_path / "a.nii", 1, 1, other)) == contradict

    def test_scaled_values_of_nifti_2(self, tmp_path: Path):
        nib = pytest.importorskip("nibabel")
        made = nib.Nifti2Image(ARRAY.transpose(2, 1, 0), self.AFFINE)
        made.header.set_slope_inter(0.5, 3.0)
        made.set_sform(self.AFFINE, 1)
        nib.save(made, tmp_path / "a.nii")
        expected = nib.load(tmp_path / "a.nii").get_fdata().transpose(2, 1, 0)
        np.testing.assert_allclose(read_study(tmp_path / "a.nii").array, expected, rtol=1e-6)

    def test_unpacked_size_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        from MSSTUNetReorientLib.io import nifti_header

        monkeypatch.setattr(nifti_header, "MAX_UNPACKED", 1_000_000)
        monkeypatch.setattr(nifti_header, "CHUNK", 2**16)
        path = self.write(tmp_path / "a.nii.gz", 1, 1)
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + bytes(2_000_000)))
        with pytest.raises(InputError, match="unpacked file must have at most"):
            read_study(path)
