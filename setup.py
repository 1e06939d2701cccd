"""Lays schemas/ into the package that is installed, as audit/schemas/; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["audit", "audit.*"]), "audit.schemas"], package_dir={"audit.schemas": "schemas"}
)
