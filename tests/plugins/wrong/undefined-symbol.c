/* Calls what nobody has. */
#define WRONG_NAME "undefined-symbol"
void no_such_function_anywhere(void);
#define WRONG_INIT return no_such_function_anywhere(), SARA_OK
#include "wrong.h"
