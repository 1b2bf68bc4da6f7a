/* Provides what stranded needs, and fails to initialise. */
#define WRONG_NAME "failing-provider"
#define WRONG_MORE ", \"provides\": [\"acme.gone/1\"]"
#define WRONG_INIT return failWith(SARA_E_IO, "no line to the backend")
#include "wrong.h"
