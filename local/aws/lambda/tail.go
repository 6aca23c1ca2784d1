package lambda

// tailBytes is the size of the log's end that a caller can request
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
const tailBytes = 4 << 10

// keepTail appends a line to the tail. The caller holds logging.
func (s *sandbox) keepTail(line []byte) {
	if over := len(line) - tailBytes; over > 0 {
		line = line[over:]
	}
	s.tail = append(append(s.tail, line...), '\n')
	if over := len(s.tail) - tailBytes; over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
}

// dropTail clears the tail.
func (s *sandbox) dropTail() {
	s.logging.Lock()
	defer s.logging.Unlock()
	s.tail = s.tail[:0]
}

// takeTail returns a copy of the tail.
func (s *sandbox) takeTail() []byte {
	s.logging.Lock()
	defer s.logging.Unlock()
	return append([]byte(nil), s.tail...)
}

// logged returns r with the invocation's id, times and log tail.
func (inv *invocation) logged(r Result) Result {
	r.RequestID, r.Log, r.Duration, r.Init = inv.id, inv.tail, inv.took, inv.init
	return r
}
