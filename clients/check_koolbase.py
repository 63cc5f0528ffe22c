"""A Koolbase client in JavaScript that knows nothing but the document, and tells errors apart by their code."""

import pathlib
import subprocess

from server import dev

CLIENT = pathlib.Path(__file__).with_suffix(".mjs")

with dev() as server:
    words = ["node", str(CLIENT), server.base_url, server.publishable, server.inbox_url]
    subprocess.run(words, check=True, timeout=60)
print("a Koolbase client registers, verifies, logs in, resets and logs out, at both ways to join base and path")
