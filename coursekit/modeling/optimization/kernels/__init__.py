"""The operators of an int8 .tflite file in whole numbers, each once in numpy and once compiled."""
