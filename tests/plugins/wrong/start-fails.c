/* Fails at the last step. */
#define WRONG_NAME "start-fails"
#define WRONG_START return failWith(SARA_E_IO, "port 4222 is in use")
#include "wrong.h"
