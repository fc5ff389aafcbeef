"""Reads the chain as if, if, if instead of if, elif, elif: the last rule that fires wins.

Loses: test_keyword, test_keyword_hidden
"""


# %% solution_keyword
def keyword_intent(query, rules):
    answer = "out_of_scope"
    for keyword, intent in rules:
        if keyword in query:
            answer = intent
    return answer
