"""Compares the query's words with the keyword, so that a particle (날씨를) hides it.

Loses: test_keyword, test_keyword_hidden
"""


# %% solution_keyword
def keyword_intent(query, rules):
    for keyword, intent in rules:
        if keyword in query.split():
            return intent
    return "out_of_scope"
