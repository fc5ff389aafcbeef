"""Returns out_of_scope as soon as the first rule does not fire (else inside the loop).

Loses: test_keyword, test_keyword_hidden
"""


# %% solution_keyword
def keyword_intent(query, rules):
    for keyword, intent in rules:
        if keyword in query:
            return intent
        else:
            return "out_of_scope"
    return "out_of_scope"
