"""Runs graphs described as data on LangGraph; the format is in ../README.md."""
