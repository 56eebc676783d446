"""The cases: each story of the practitioner literature as an experiment that answers its question."""
