"""The command `segue eval sequential-ablation`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from evals.options import Commands, JsonFile, MarkdownFile, begin, check_folder, finish


def sequential_ablation(
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="Listeners' sequences, one a line: lastfm-artists.txt."),
    ] = None,
    names: Annotated[
        Path | None, typer.Option("--names", metavar="FILE", help="What its items are called: a JSON object.")
    ] = None,
    content: Annotated[
        Path | None, typer.Option("--content", metavar="FOLDER", help="Content vectors by name: lastfm-jam.")
    ] = None,
    planted: Annotated[
        str | None,
        typer.Option(
            "--planted",
            metavar="NAME,…",
            help="Sequences that are made up, with audio, attributes and completion, and which of audio and completion "
            "decide what comes next: audio,completion, one of them, or none.",
        ),
    ] = None,
    backbones: Annotated[
        str, typer.Option("--backbones", metavar="NAME,…", help="Whose item vectors are the ID, or all.")
    ] = "all",
    fusions: Annotated[str, typer.Option("--fusions", metavar="NAME,…", help="Of the four and late, or all.")] = "all",
    systems: Annotated[
        str, typer.Option("--systems", metavar="NAME,…", help="Rows of the table, such as sasrec/id+name/film, or all.")
    ] = "all",
    preset: Annotated[
        str,
        typer.Option("--preset", metavar="NAME", help="What the language model is: small, qwen2.5-7b, llama-2-13b, …"),
    ] = "small",
    language_model: Annotated[
        str | None,
        typer.Option(
            "--language-model",
            metavar="NAME|FOLDER",
            help="Weights to read in place of the preset's, and to ask for the zero-shot by the items' texts.",
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option("--device", help="cpu or cuda, in place of the preset's; four bits are for cuda alone."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="Of the language model at most, in place of the preset's.")
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Of a backbone's training at most.")] = 600,
    seeds: Annotated[str, typer.Option("--seeds", metavar="N,…", help="One or several seeds.")] = "64,65,66,67,68",
    kept: Annotated[
        Path | None, typer.Option("--keep", metavar="FOLDER", help="Keep finished runs there, and go on from them.")
    ] = None,
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Compare signals, fusions and backbones of the multimodal E4SRec, with controls and the exact chance level."""
    from connectors.progress import JobProgress
    from evals.naming import choose
    from evals.sequential_ablation import evaluate, read_material
    from evals.sequential_ablation_cells import LATE
    from evals.sequential_ablation_settings import BACKBONE_SETTINGS, language_model_settings, told_texts
    from evals.sequential_planted import DECIDING
    from recsys.sequential.backbones import BACKBONES
    from recsys.sequential.fusion import FUSIONS

    drawn = begin(seeds, json, markdown)
    check_folder(kept, "--keep")
    if (planted is None) == (data is None):
        raise typer.BadParameter("give either --data FILE or --planted NAME,…", param_hint="--data")
    decides = () if planted in (None, "none") else choose(planted or "", DECIDING)
    settings = language_model_settings(preset, weights=language_model, device=device, epochs=epochs)
    used, fused = choose(backbones, BACKBONES), choose(fusions, (*FUSIONS, LATE))
    material = read_material(data, names, content, decides)
    stated = {"data": data or f"planted: {planted}", "content": content, "backbones": used, "fusions": fused}
    with TemporaryDirectory(prefix="segue-") as scratch, JobProgress() as progress:
        report = evaluate(
            material,
            used,
            fused,
            drawn,
            settings=settings,
            backbone_settings={name: BACKBONE_SETTINGS[name] | {"steps": steps} for name in used},
            kept=kept or Path(scratch),
            stated=stated | {"preset": preset, "language model": language_model, "steps": steps},
            progress=progress,
            systems=systems,
            told=told_texts(settings, language_model),
        )
    finish(report, json, markdown)
    for signal, statement in report.details["leakage"].items():
        typer.echo(f"{signal}: {statement}")


#: Every command with its example.
COMMANDS: Commands = (
    (
        sequential_ablation,
        "segue eval sequential-ablation --data lastfm-artists.txt --names lastfm-artists.names.json "
        "--content lastfm-jam --keep runs",
    ),
)
