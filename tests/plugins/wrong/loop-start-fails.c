/* Fails on one loop of several. */
#define WRONG_NAME "loop-start-fails"
#define WRONG_LOOP_START return loop == 1 ? failWith(SARA_E_NOMEM, "no room on loop 1") : SARA_OK
#include "wrong.h"
