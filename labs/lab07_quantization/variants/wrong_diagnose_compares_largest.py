"""Compares the largest peaks, so that one broken picture looks like a broken unit.

Loses: test_diagnose, test_diagnose_hidden
"""


# %% solution_diagnose
def diagnose(calibration_peaks, line_peaks):
    usual, line, top = max(calibration_peaks), max(line_peaks), max(calibration_peaks)
    if not 0.1 < usual / line < 10:
        return "units"
    if top > 10 * usual:
        return "sample"
    return "light" if line > top else "sound"
