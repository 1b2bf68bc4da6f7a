// How a server answers SIGUSR1, and `sara pprof` asks: the signal carries a number, the answer is a
// small file beside the pid file that names it again. Decides that an answer is whole or not there;
// refuses to follow links and to believe files of strangers.
#pragma once
#include <cstdint>
#include <string>

namespace sara::boot {

// [control] The server's side. lines: what `sara pprof` is to print, each with its end; a first
// character '!' says failure. Returns "" or what went wrong. An empty pid_file is nobody's: "".
[[nodiscard]] std::string answerReport(const std::string& pid_file, int request,
                                       const std::string& lines);
// [control] Removes the answer, at the end of the server.
void forgetReport(const std::string& pid_file);

// [control] `sara pprof`: asks the server behind the pid file and prints its answer. Returns the
// exit code: 0 profiles were written, 1 not.
int askForProfiles(const std::string& pid_file, int64_t timeout_ms);

}  // namespace sara::boot
