// A browser with scripts goes straight through the door; programs that only look at links never get here.

document.getElementById("door").requestSubmit();
