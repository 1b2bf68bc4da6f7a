// The traffic between two crashes: senders with a window, one receiver who acknowledges, one who
// never does, one who is away. Decides nothing about right and wrong; that is the ledger's.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "crash/ledger.h"
#include "kit/client.h"

namespace sara::wire {

class CrashLoad {
  public:
    CrashLoad(uint16_t port, Ledger& ledger, std::mt19937_64& random);

    // Logs everybody in; what waited for the receivers goes into the ledger and is acknowledged.
    void logIn();
    // Sends, receives and acknowledges until the server has acked `acks` messages or time is up.
    void run(uint64_t acks, Millis longest);
    // Reads what is still on its way, to the end of each connection. Call after the server is dead.
    void drain();

  private:
    struct Sender {
        std::string jid;
        Client client;
        uint64_t open = 0;  // sent and not acked
    };
    struct Receiver {
        std::string jid;
        Client client;
        bool acknowledges;
    };
    void send(Sender& sender);
    void readAcks(Sender& sender, Millis wait);
    void readMessages(Receiver& receiver, Millis wait);

    const uint16_t port_;
    Ledger& ledger_;
    std::mt19937_64& random_;
    std::vector<Sender> senders_;
    std::vector<Receiver> receivers_;
    uint64_t acked_ = 0;
};

}  // namespace sara::wire
