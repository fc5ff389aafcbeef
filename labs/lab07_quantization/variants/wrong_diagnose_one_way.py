"""Looks for a broken unit in the calibration only, not on the line.

Loses: test_diagnose, test_diagnose_hidden
"""


# %% solution_diagnose
def diagnose(calibration_peaks, line_peaks):
    usual, line, top = np.median(calibration_peaks), np.median(line_peaks), max(calibration_peaks)
    if usual / line > 10:
        return "units"
    if top > 10 * usual:
        return "sample"
    return "light" if line > top else "sound"
