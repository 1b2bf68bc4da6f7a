/* Nothing is wrong with it: it starts while the others are refused. */
#define WRONG_NAME "good"
#define WRONG_MORE ", \"description\": \"tells its life\""
#include "wrong.h"
