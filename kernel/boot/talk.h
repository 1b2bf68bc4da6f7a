// `sara talk`: a line-mode client to try a server with, from a terminal or through pipes. It
// decides what a person sees of the protocol: one line per packet, a mark on what waited for him, a
// line when a message of his is safe. It refuses to be a library for clients: one conversation, one
// connection, no reconnect.
#pragma once
#include <string>
#include <vector>

namespace sara::boot {

// Runs the conversation that args (the words after `talk`) ask for and returns the exit code of the
// process: 0 when stdin ended and every line of it was accepted by the server, 1 when the server
// could not be reached, refused the login or closed the connection, 2 when the arguments are wrong,
// 3 when stdin ended and a line was refused, or not answered for ten seconds. Blocks; reads stdin,
// writes stdout (packets) and stderr (errors). Does not throw. [control]
[[nodiscard]] int runTalk(const std::vector<std::string>& args) noexcept;

}  // namespace sara::boot
