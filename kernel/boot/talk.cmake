# The line-mode client as a library of its own, so that its tests need nothing of the server.
sara_room(sara_talk
  ${CMAKE_CURRENT_LIST_DIR}/talk.cpp
  ${CMAKE_CURRENT_LIST_DIR}/talk_options.cpp
  ${CMAKE_CURRENT_LIST_DIR}/talk_session.cpp
  LINK Poco::NetSSL Poco::Net Poco::JSON Poco::Foundation)
