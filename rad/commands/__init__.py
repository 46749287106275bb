"""The commands of ``python -m rad``. Each is a module: see :mod:`rad.runtime.commands`."""
