// POCO's own log lines (its servers, its application class) into our log. Decides the mapping of
// its eight priorities to our four levels; everything else is LogSink's.
#pragma once
#include <Poco/Channel.h>
#include <Poco/Message.h>

#include "loop/log.h"

namespace sara::boot {

class LogChannel final : public Poco::Channel {
  public:
    explicit LogChannel(loop::Log& log) : log_(log) {}
    // [any]
    void log(const Poco::Message& message) override;

    // "loglevel" 0..3 as a priority of Poco::Logger.
    static Poco::Message::Priority priorityOf(loop::LogLevel level);

  private:
    loop::Log& log_;
};

// [control] Makes every Poco::Logger write to log; undone by detachPocoLog() before log dies.
void attachPocoLog(loop::Log& log, loop::LogLevel level);
void detachPocoLog();

}  // namespace sara::boot
