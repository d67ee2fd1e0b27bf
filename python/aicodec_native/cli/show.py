"""aicodec-native show"""

from __future__ import annotations

from dataclasses import asdict

import click

from aicodec_native.authoring import layers_of
from aicodec_native.cli.output import json_option, print_json
from aicodec_native.reader import Reader


@click.command("show")
@click.argument("path", metavar="FILE.aic")
@json_option
def command(path: str, as_json: bool) -> None:
    """Print every layer of a file: the programs as text that `shade` makes the same program of."""
    with Reader(path) as reader:
        layers = list(layers_of(reader))
    if as_json:
        print_json([asdict(layer) for layer in layers])
        return
    for layer in layers:
        columns = f", parameters {', '.join(layer.parameters)}" if layer.parameters else ""
        click.echo(f"# segment {layer.segment}, layer {layer.layer}: {layer.kind}, {layer.bytes:,} bytes{columns}")
        if layer.text:
            click.echo(layer.text)
