# Golden values of marginal models and counts: Rscript tests/golden/repeated/repeated.R > tests/golden/repeated/repeated.json
# R 4.2.2, MASS 7.3, sandwich 3.0. Liang and Zeger's equations with exchangeable correlation are solved here in
# the open, as neither geepack nor geesmv was at hand: `solve_gee` is what those packages do. The uncorrected variance under independence is sandwich's.
library(sandwich); library(MASS)
n <- 30; m <- 3
id <- rep(1:n, each = m); visit <- rep(1:m, n)
arm <- ifelse(id %% 2 == 0, 1, 0); base <- (id * 7) %% 11
set.seed(11); mood <- rep(rnorm(n), each = m)
y <- as.integer(runif(n * m) < plogis(-0.9 + 0.5 * arm + 0.3 * visit + 0.05 * base - 0.3 + mood))
keep <- !(visit == 3 & id %% 5 == 0)
d <- data.frame(id, visit = factor(visit), arm, base, y)[keep, ]
X <- model.matrix(~ arm * visit + base, d)
solve_gee <- function(X, y, id, kind) {
  b <- coef(glm.fit(X, y, family = binomial())); q <- ncol(X); N <- nrow(X)
  for (i in 1:200) {
    mu <- plogis(drop(X %*% b)); v <- mu * (1 - mu); r <- (y - mu) / sqrt(v)
    phi <- sum(r^2) / (N - q); s <- 0; k <- 0
    for (g in unique(id)) { w <- which(id == g); if (length(w) > 1) { o <- outer(r[w], r[w]); s <- s + sum(o[upper.tri(o)]); k <- k + length(w) * (length(w) - 1) / 2 } }
    a <- if (kind == "exchangeable") s / (k - q) / phi else 0
    B <- matrix(0, q, q); S <- rep(0, q); L <- list()
    for (g in unique(id)) { w <- which(id == g); R <- matrix(a, length(w), length(w)); diag(R) <- 1
      D <- X[w, , drop = FALSE] * v[w]; V <- diag(sqrt(v[w]), length(w)) %*% R %*% diag(sqrt(v[w]), length(w)); Vi <- solve(V)
      B <- B + t(D) %*% Vi %*% D; S <- S + t(D) %*% Vi %*% (y[w] - mu[w]); L[[length(L) + 1]] <- list(D, Vi, y[w] - mu[w]) }
    st <- solve(B, S); b <- b + drop(st); if (max(abs(st)) < 1e-12) break
  }
  Q <- solve(B); M <- list(none = 0, md = 0, kc = 0)
  for (l in L) { H <- l[[1]] %*% Q %*% t(l[[1]]) %*% l[[2]]; A <- diag(nrow(H)) - H; e <- eigen(A)
    half <- Re(e$vectors %*% diag(e$values^-0.5, nrow(H)) %*% solve(e$vectors))
    for (c in names(M)) { r <- switch(c, none = l[[3]], md = solve(A, l[[3]]), kc = half %*% l[[3]])
      u <- t(l[[1]]) %*% l[[2]] %*% r; M[[c]] <- M[[c]] + u %*% t(u) } }
  list(b = b, alpha = a, se = lapply(M, function(x) sqrt(diag(Q %*% x %*% Q))))
}
num <- function(x) paste0("[", paste(format(x, digits = 12, scientific = FALSE, trim = TRUE), collapse = ", "), "]")
fit <- glm(y ~ arm * visit + base, binomial, d, control = list(epsilon = 1e-14))
cl <- function(type) sqrt(diag(vcovCL(fit, cluster = ~id, type = type, cadjust = FALSE)))
e <- solve_gee(X, d$y, d$id, "exchangeable"); i <- solve_gee(X, d$y, d$id, "independence")
events <- c(0, 3, 1, 0, 5, 2, 0, 0, 7, 1, 2, 0, 4, 9, 0, 1, 3, 0, 2, 6); time <- rep(c(18, 12, 16, 4), 5)
trt <- rep(c(1, 0, 0, 1), 5); x <- (1:20 * 3) %% 7
nb <- glm.nb(events ~ trt + x + offset(log(time)), control = glm.control(epsilon = 1e-14, maxit = 200))
cat("{\n")
cat("\"frame\": {\"id\": ", num(d$id), ", \"visit\": ", num(as.integer(d$visit)), ", \"arm\": ", num(d$arm), ", \"base\": ", num(d$base), ", \"y\": ", num(d$y), "},\n", sep = "")
cat("\"independence\": {\"beta\": ", num(coef(fit)), ", \"none\": ", num(cl("HC0")), ", \"kauermann_carroll\": ", num(i$se$kc), ", \"mancl_derouen\": ", num(i$se$md), "},\n", sep = "")
cat("\"exchangeable\": {\"beta\": ", num(e$b), ", \"alpha\": ", num(e$alpha), ", \"none\": ", num(e$se$none), ", \"kauermann_carroll\": ", num(e$se$kc), ", \"mancl_derouen\": ", num(e$se$md), "},\n", sep = "")
cat("\"counts\": {\"events\": ", num(events), ", \"time\": ", num(time), ", \"trt\": ", num(trt), ", \"x\": ", num(x), ", \"beta\": ", num(coef(nb)), ", \"se\": ", num(sqrt(diag(vcov(nb)))), ", \"theta\": ", num(nb$theta), ", \"loglik\": ", num(as.numeric(logLik(nb))), "}\n}\n", sep = "")
