"""Lists the intents that were predicted, so that one never found drops out of the table.

Loses: test_recall_hidden
"""


# %% solution_recall
def recall_by_intent(y_true, y_pred):
    recall = {}
    for intent in set(y_pred):
        answers = [answer for actual, answer in zip(y_true, y_pred) if actual == intent]
        if answers:
            recall[intent] = answers.count(intent) / len(answers)
    return recall
