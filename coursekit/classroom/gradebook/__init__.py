"""Points and grades: nbgrader's gradebook as tables, the final grade, the analysis of items."""

from coursekit.classroom.gradebook.tables import Scores, cell_scores, scores

__all__ = ["Scores", "cell_scores", "scores"]
