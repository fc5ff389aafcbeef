"""Divides by how often the intent was predicted: precision under the name of recall.

Loses: test_recall, test_recall_hidden
"""


# %% solution_recall
def recall_by_intent(y_true, y_pred):
    recall = {}
    for intent in set(y_true):
        predicted = [actual for actual, answer in zip(y_true, y_pred) if answer == intent]
        recall[intent] = predicted.count(intent) / max(len(predicted), 1)
    return recall
