/* Right: provides what user uses. Its name sorts behind the user's, its start comes before. */
#define WRONG_NAME "zz-provider"
#define WRONG_MORE ", \"provides\": [\"acme.answer/1\"]"
#define WRONG_SERVICE return "table"
#include "wrong.h"
