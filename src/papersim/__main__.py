"""Run the command line by ``python -m papersim``."""

from papersim.cli import main

main()
