"""Points and grades: nbgrader's gradebook as tables, the final grade, the analysis of items."""

from coursekit.classroom.gradebook.evaluation import Evaluation, EvaluationError, read_evaluation
from coursekit.classroom.gradebook.final import FinalGrades, compute, final_grades
from coursekit.classroom.gradebook.item_analysis import ItemReport, analyse_items, report_items
from coursekit.classroom.gradebook.raw import RawScores
from coursekit.classroom.gradebook.tables import Scores, cell_scores, scores

__all__ = [
    "Evaluation",
    "EvaluationError",
    "FinalGrades",
    "ItemReport",
    "RawScores",
    "Scores",
    "analyse_items",
    "cell_scores",
    "compute",
    "final_grades",
    "read_evaluation",
    "report_items",
    "scores",
]
