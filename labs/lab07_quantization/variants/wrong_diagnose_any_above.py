"""Blames the light as soon as one part is above the range.

Loses: test_diagnose, test_diagnose_hidden
"""


# %% solution_diagnose
def diagnose(calibration_peaks, line_peaks):
    usual, line, top = np.median(calibration_peaks), np.median(line_peaks), max(calibration_peaks)
    if not 0.1 < usual / line < 10:
        return "units"
    if top > 10 * usual:
        return "sample"
    return "light" if max(line_peaks) > top else "sound"
