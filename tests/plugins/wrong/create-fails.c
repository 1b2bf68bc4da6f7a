/* Fails at the first step, without a reason. */
#define WRONG_NAME "create-fails"
#define WRONG_CREATE return SARA_E_NOMEM
#include "wrong.h"
