// `sara makeconn`: the parent process of a run. Decides how many workers there are, when they send
// and when it is over; prints. Refuses a run that the machine's limits cannot carry.
#pragma once
#include <string>
#include <vector>

namespace sara::makeconn {

// [control] args behind `makeconn`. Forks, so no thread may run. Returns the exit code: 0 good, 1
// somebody failed or something was lost, 2 it could not begin.
int runMakeconn(const std::vector<std::string>& args) noexcept;

}  // namespace sara::makeconn
